import pytest

from kubeaid_ci.edges.addresses import Network, Zone, literal, zone


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
    ],
)
def test_an_address_is_as_far_inside_as_what_it_carries(address: str, expected: Zone) -> None:
    assert zone(address) is expected
    assert literal(address) is expected


def test_a_name_is_no_literal_but_localhost_is() -> None:
    assert literal("localhost") is literal("a.localhost") is Zone.LOOPBACK
    assert literal("charts.example.com") is None
    assert Network().zone("localhost") is Zone.LOOPBACK
    assert Network().zone("no.such.name.invalid") is None
