"""Cilium's policies by https://docs.cilium.io/en/stable/security/policy/ and the checks of its agent."""

from ipaddress import ip_address

import pytest

from kubeaid_ci.network.model import Direction, End, Node, Outside, Port, Protocol
from kubeaid_ci.network.reach import connects, restricts
from tests.network.worlds import end, network, pods

WEB = "endpointSelector: {matchLabels: {app: web}}"
CNP, CCNP = "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        (f"spec: {{{WEB}, ingress: []}}", False, False),
        (f"spec: {{{WEB}, ingress: [{{}}]}}", True, False),
        (f"spec: {{{WEB}, ingress: [null]}}", True, False),
        (f"spec: {{{WEB}, egress: [{{}}]}}", False, True),
        (f"spec: {{{WEB}, ingressDeny: [{{fromEntities: [world]}}]}}", True, False),
        (f"spec: {{{WEB}, egressDeny: [{{}}]}}", False, True),
        (f"spec: {{{WEB}, enableDefaultDeny: {{ingress: false}}, ingress: [{{}}]}}", False, False),
        (f"spec: {{{WEB}, enableDefaultDeny: {{egress: true}}, ingress: [{{}}]}}", True, True),
        (f"spec: {{{WEB}, enableDefaultDeny: {{ingress: true}}, ingress: []}}", True, False),
        (f"specs: [{{{WEB}, ingress: [{{}}]}}, {{{WEB}, egress: [{{}}]}}]", True, True),
        (f"spec: {{{WEB}, ingress: [{{}}]}}\nspecs: [{{{WEB}, egress: [{{}}]}}]", True, True),
        ("spec: {endpointSelector: {}, ingress: [{}]}", True, False),
        ("spec: {endpointSelector: {matchLabels: {'k8s:app': web}}, ingress: [{}]}", True, False),
        ("spec: {endpointSelector: {matchLabels: {'any:app': web}}, ingress: [{}]}", True, False),
        ("spec: {endpointSelector: {matchLabels: {'reserved:host': ''}}, ingress: [{}]}", False, False),
        ("spec: {endpointSelector: {matchLabels: {'cni:app': web}}, ingress: [{}]}", False, False),
        (
            "spec: {endpointSelector: {matchExpressions: [{key: app, operator: In, values: [db]}]}, ingress: [{}]}",
            False,
            False,
        ),
        (
            "spec: {endpointSelector: {matchExpressions: [{key: 'k8s:tier', operator: Exists}]}, ingress: [{}]}",
            True,
            False,
        ),
        # A policy of a namespace selects pods of that namespace, whatever it says.
        (
            "spec: {endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': ops}}, ingress: [{}]}",
            True,
            False,
        ),
        (
            "spec: {endpointSelector: {matchLabels: {io.cilium.k8s.namespace.labels.team: b}}, ingress: [{}]}",
            False,
            False,
        ),
        (
            "spec: {endpointSelector: {matchLabels: {io.cilium.k8s.policy.serviceaccount: default}}, ingress: [{}]}",
            True,
            False,
        ),
        ("spec: {endpointSelector: {matchLabels: {io.cilium.k8s.policy.cluster: one}}, ingress: [{}]}", None, False),
    ],
)
def test_what_a_policy_restricts(spec: str, ingress: bool | None, egress: bool) -> None:
    world = network(spec, kind=CNP)
    assert world.invalid == ()
    found = (restricts(world.policies, pods(world, "web"), direction) for direction in Direction)
    assert tuple(found) == (ingress, egress)
    assert restricts(world.policies, pods(world, "mon"), Direction.INGRESS) is False


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("endpointSelector: {}", {"web", "db", "mon"}),
        ("endpointSelector: {matchLabels: {tier: front}}", {"web", "mon"}),
        ("endpointSelector: {matchLabels: {'k8s:io.kubernetes.pod.namespace': shop}}", {"web", "db"}),
        ("endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: ops}}", {"mon"}),
        ("endpointSelector: {matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': b}}", {"mon"}),
        (
            "endpointSelector: {matchExpressions: [{key: io.kubernetes.pod.namespace, operator: NotIn, values: [ops]}]}",
            {"web", "db"},
        ),
        ("nodeSelector: {}", set()),
        ("nodeSelector: {matchLabels: {type: worker}}", set()),
    ],
)
def test_which_pods_a_policy_of_the_cluster_selects(selector: str, selected: set[str]) -> None:
    world = network(f"spec: {{{selector}, ingress: [{{}}]}}", kind=CCNP)
    assert world.invalid == ()
    restricted = {
        name
        for name in ("web", "db", "mon", "agent")
        if restricts(world.policies, pods(world, name), Direction.INGRESS)
    }
    assert restricted == selected


@pytest.mark.parametrize(
    ("rule", "db", "mon", "node", "outside"),
    [
        ("", False, False, False, False),
        ("fromEndpoints: []", False, False, False, False),
        ("fromEndpoints: [{}]", True, False, False, False),
        ("fromEndpoints: [{matchLabels: {app: db}}]", True, False, False, False),
        ("fromEndpoints: [{matchLabels: {app: mon}}]", False, False, False, False),
        (
            "fromEndpoints: [{matchLabels: {app: mon, 'k8s:io.kubernetes.pod.namespace': ops}}]",
            False,
            True,
            False,
            False,
        ),
        ("fromEndpoints: [{matchLabels: {'k8s:io.cilium.k8s.namespace.labels.team': b}}]", False, True, False, False),
        (
            "fromEndpoints: [{matchExpressions: [{key: 'k8s:io.kubernetes.pod.namespace', operator: Exists}]}]",
            True,
            True,
            False,
            False,
        ),
        ("fromEndpoints: [{matchLabels: {'reserved:host': ''}}]", False, False, None, False),
        ("fromEntities: [all]", True, True, True, True),
        ("fromEntities: [cluster]", True, True, True, False),
        ("fromEntities: [world]", False, False, False, True),
        ("fromEntities: [world-ipv6]", False, False, False, False),
        ("fromEntities: [host, remote-node]", False, False, None, False),
        ("fromEntities: [kube-apiserver]", False, False, None, False),
        ("fromEntities: [none]", False, False, False, False),
        ("fromEntities: []", False, False, False, False),
        ("fromCIDR: [10.0.0.0/8]", False, False, None, True),
        ("fromCIDR: [10.9.8.7]", False, False, None, True),
        ("fromCIDRSet: [{cidr: 10.0.0.0/8, except: [10.9.0.0/16]}]", False, False, None, False),
        ("fromCIDRSet: [{cidrGroupRef: partners}]", False, False, False, None),
        ("fromGroups: [{aws: {}}]", False, False, False, None),
        ("fromNodes: [{}]", False, False, None, False),
        ("fromRequires: [{matchLabels: {app: db}}]", None, None, None, None),
        ("toPorts: [{ports: [{port: '8080', protocol: TCP}]}]", True, True, True, True),
        ("toPorts: [{ports: [{port: '8080'}]}]", True, True, True, True),
        ("toPorts: [{ports: [{port: '8080', protocol: UDP}]}]", False, False, False, False),
        ("toPorts: [{ports: [{port: '0', protocol: ANY}]}]", True, True, True, True),
        ("toPorts: [{ports: [{port: http}]}]", True, True, True, True),
        ("toPorts: [{ports: [{port: '8000', endPort: 8100}]}]", True, True, True, True),
        ("toPorts: [{ports: []}]", False, False, False, False),
        ("toPorts: []", False, False, False, False),
        ("icmps: [{fields: [{type: 8}]}]", False, False, False, False),
        ("fromEndpoints: [{}], toPorts: [{ports: [{port: '8080'}]}]", True, False, False, False),
        ("fromEndpoints: [{}], toPorts: [{ports: [{port: '1'}]}]", False, False, False, False),
    ],
)
def test_which_traffic_a_rule_for_ingress_allows(
    rule: str, db: bool | None, mon: bool | None, node: bool | None, outside: bool | None
) -> None:
    world = network(f"spec: {{{WEB}, ingress: [{{{rule}}}]}}", kind=CNP)
    assert world.invalid == ()
    sources: dict[str, End] = {"db": end(world, "db"), "mon": end(world, "mon"), "node": Node()}
    sources["outside"] = Outside(ip_address("10.9.8.7"))
    answers = {
        name: connects(world.policies, source, end(world, "web"), Port(8080)) for name, source in sources.items()
    }
    assert answers == {"db": db, "mon": mon, "node": node, "outside": outside}


@pytest.mark.parametrize(
    ("rule", "db", "mon", "outside"),
    [
        ("toEndpoints: [{}]", True, False, False),
        ("toEndpoints: [{matchLabels: {'k8s:io.kubernetes.pod.namespace': ops}}]", False, True, False),
        ("toEntities: [world]", False, False, True),
        ("toFQDNs: [{matchName: example.com}]", False, False, None),
        ("toServices: [{k8sService: {serviceName: db, namespace: shop}}]", None, None, None),
        ("toCIDRSet: [{cidr: 0.0.0.0/0, except: [10.0.0.0/8]}]", False, False, False),
        ("toPorts: [{ports: [{port: '5432'}]}]", True, True, True),
    ],
)
def test_which_traffic_a_rule_for_egress_allows(
    rule: str, db: bool | None, mon: bool | None, outside: bool | None
) -> None:
    world = network(f"spec: {{{WEB}, egress: [{{{rule}}}]}}", kind=CNP)
    assert world.invalid == ()
    targets: dict[str, End] = {"db": end(world, "db"), "mon": end(world, "mon")}
    targets["outside"] = Outside(ip_address("10.9.8.7"))
    answers = {
        name: connects(world.policies, end(world, "web"), target, Port(5432)) for name, target in targets.items()
    }
    assert answers == {"db": db, "mon": mon, "outside": outside}


def test_a_policy_of_the_cluster_takes_peers_from_every_namespace() -> None:
    world = network(f"spec: {{{WEB}, ingress: [{{fromEndpoints: [{{}}]}}]}}", kind=CCNP)
    assert connects(world.policies, end(world, "mon"), end(world, "web"), Port(8080)) is True
    assert connects(world.policies, Outside(ip_address("1.1.1.1")), end(world, "web"), Port(8080)) is False


def test_what_is_denied_stays_so_whatever_is_allowed() -> None:
    allow = f"spec: {{{WEB}, ingress: [{{fromEntities: [all]}}]}}"
    deny = f"spec: {{{WEB}, ingressDeny: [{{fromEndpoints: [{{matchLabels: {{app: db}}}}]}}]}}"
    for order in ((allow, deny), (deny, allow)):
        world = network(*order, kind=CNP)
        assert connects(world.policies, end(world, "db"), end(world, "web"), Port(8080)) is False
        assert connects(world.policies, end(world, "mon"), end(world, "web"), Port(8080)) is True
    without = network(
        f"spec: {{{WEB}, enableDefaultDeny: {{ingress: false}}, ingressDeny: [{{fromEndpoints: [{{}}]}}]}}", kind=CNP
    )
    assert connects(without.policies, end(without, "db"), end(without, "web"), Port(8080)) is False
    assert connects(without.policies, end(without, "mon"), end(without, "web"), Port(8080)) is True


def test_denied_ports_are_those_of_the_rule() -> None:
    allow = f"spec: {{{WEB}, ingress: [{{fromEntities: [all]}}]}}"
    deny = f"spec: {{{WEB}, ingressDeny: [{{toPorts: [{{ports: [{{port: '22', protocol: TCP}}]}}]}}]}}"
    world = network(allow, deny, kind=CNP)
    answers = [
        connects(world.policies, end(world, "db"), end(world, "web"), port)
        for port in (Port(22), Port(22, Protocol.UDP))
    ]
    assert answers == [False, True]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("{}", "neither spec nor specs has a rule"),
        ("spec: null\nspecs: []", "neither spec nor specs has a rule"),
        ("spec: []", "spec: expected keys with values"),
        ("specs: {}", "specs: expected a list"),
        ("specs: [null]", "specs[0]: needs either an endpointSelector"),
        ("spec: {ingress: [{}]}", "spec: needs either an endpointSelector"),
        (
            f"spec: {{{WEB}, nodeSelector: {{}}, ingress: [{{}}]}}",
            "spec: needs either an endpointSelector or a nodeSelector",
        ),
        ("spec: {nodeSelector: {}, ingress: [{}]}", "only a CiliumClusterwideNetworkPolicy can select nodes"),
        (f"spec: {{{WEB}}}", "needs at least one of ingress, ingressDeny, egress, egressDeny"),
        (f"specs: [{{{WEB}, ingress: [{{}}]}}, {{{WEB}}}]", "specs[1]: needs at least one of"),
        (
            "spec: {endpointSelector: {matchExpressions: [{key: app, operator: Has}]}, ingress: [{}]}",
            "'Has' is not an operator",
        ),
        (f"spec: {{{WEB}, ingress: [{{fromEntities: [internet]}}]}}", "'internet' is not an entity"),
        (
            f"spec: {{{WEB}, ingress: [{{fromEntities: [world], fromCIDR: [1.1.1.1/32]}}]}}",
            "cannot be combined; write two rules",
        ),
        (f"spec: {{{WEB}, ingress: [{{fromCIDR: [everywhere]}}]}}", "neither an address nor a block"),
        (f"spec: {{{WEB}, ingress: [{{fromCIDR: [10.0.0.0/99]}}]}}", "'10.0.0.0/99' is not a block"),
        (f"spec: {{{WEB}, ingress: [{{fromCIDRSet: [{{cidr: 10.0.0.0}}]}}]}}", "'10.0.0.0' is not a block"),
        (
            f"spec: {{{WEB}, ingress: [{{fromCIDRSet: [{{cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}}]}}",
            "11.0.0.0/8 is not in",
        ),
        (f"spec: {{{WEB}, ingress: [{{toPorts: [{{ports: [{{port: 80}}]}}]}}]}}", "expected text, not the number 80"),
        (f"spec: {{{WEB}, ingress: [{{toPorts: [{{ports: [{{port: '70000'}}]}}]}}]}}", "'70000' is neither a port"),
        (f"spec: {{{WEB}, ingress: [{{toPorts: [{{ports: [{{port: '-1'}}]}}]}}]}}", "'-1' is neither a port"),
        (f"spec: {{{WEB}, ingress: [{{toPorts: [{{ports: [{{protocol: TCP}}]}}]}}]}}", "a port is needed"),
        (
            f"spec: {{{WEB}, ingress: [{{toPorts: [{{ports: [{{port: '80', protocol: QUIC}}]}}]}}]}}",
            "'QUIC' is not a protocol",
        ),
        (f"spec: {{{WEB}, ingress: [{{icmps: [{{}}], toPorts: [{{}}]}}]}}", "icmps and toPorts cannot be combined"),
        (f"spec: {{{WEB}, enableDefaultDeny: {{ingress: 'false'}}, ingress: [{{}}]}}", "expected true or false"),
    ],
)
def test_what_cilium_refuses_restricts_nothing(spec: str, says: str) -> None:
    world = network(spec, kind=CNP)
    (invalid,) = world.invalid
    assert says in invalid.error
    assert world.policies == ()
