import pytest

from kubeaid_ci.net.source_addresses import Network, Zone, literal, zone


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("9.9.9.9", Zone.PUBLIC),
        ("2620:fe::fe", Zone.PUBLIC),
        ("10.1.2.3", Zone.PRIVATE),
        ("172.16.0.1", Zone.PRIVATE),
        ("192.168.1.1", Zone.PRIVATE),
        ("100.64.0.1", Zone.PRIVATE),
        ("fd12::1", Zone.PRIVATE),
        ("127.0.0.1", Zone.LOOPBACK),
        ("127.9.9.9", Zone.LOOPBACK),
        ("::1", Zone.LOOPBACK),
        ("169.254.169.254", Zone.NEVER),
        ("fe80::1%eth0", Zone.NEVER),
        ("fd00:ec2::254", Zone.NEVER),
        ("100.100.100.200", Zone.NEVER),
        ("168.63.129.16", Zone.NEVER),
        ("0.0.0.0", Zone.NEVER),
        ("::", Zone.NEVER),
        ("224.0.0.1", Zone.NEVER),
        ("255.255.255.255", Zone.NEVER),
        ("::ffff:127.0.0.1", Zone.LOOPBACK),
        ("::ffff:169.254.169.254", Zone.NEVER),
        ("64:ff9b::a00:1", Zone.PRIVATE),
        ("64:ff9b::808:808", Zone.PUBLIC),
        ("2002:7f00:1::", Zone.LOOPBACK),
        ("::127.0.0.1", Zone.LOOPBACK),
        ("::10.0.0.1", Zone.PRIVATE),
        ("::a9fe:a9fe", Zone.NEVER),
        ("::9.9.9.9", Zone.PUBLIC),
        ("::ffff:0:127.0.0.1", Zone.LOOPBACK),
        ("::ffff:0:10.0.0.1", Zone.PRIVATE),
        ("::ffff:0:a9fe:a9fe", Zone.NEVER),
        ("64:ff9b::169.254.169.254", Zone.NEVER),
        ("64:ff9b:1::127.0.0.1", Zone.LOOPBACK),
        ("64:ff9b:1:a9fe:a9:fe00::", Zone.NEVER),
        ("64:ff9b:1::9.9.9.9", Zone.PRIVATE),
        ("2001:db8::5efe:10.0.0.1", Zone.PRIVATE),
        ("2606:4700::200:5efe:127.0.0.1", Zone.LOOPBACK),
        ("2002:a9fe:a9fe::1", Zone.NEVER),
        ("2001:0:53aa:64c::5601:5601", Zone.NEVER),
        ("fec0::1", Zone.PRIVATE),
        ("ff02::1", Zone.NEVER),
    ],
)
def test_an_address_is_as_far_inside_as_what_it_carries(address: str, expected: Zone) -> None:
    assert zone(address) is expected
    assert literal(address) is expected


def test_a_name_is_no_literal_but_localhost_is() -> None:
    assert literal("localhost") is literal("a.localhost") is Zone.LOOPBACK
    assert literal("charts.example.com") is None
    assert Network().zone("localhost") is Zone.LOOPBACK
    assert literal("localhost.") is literal("127.0.0.1.") is Zone.LOOPBACK
    assert literal("fe80.example.com") is literal("1.2.3.4.5") is None
    assert Network().zone("no.such.name.invalid") is None


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"])
def test_an_address_in_numbers_is_read_as_c_libraries_read_it(host: str) -> None:
    assert literal(host) is Zone.LOOPBACK
