"""NetworkPolicy by https://kubernetes.io/docs/concepts/services-networking/network-policies/ and the API's validation."""

from ipaddress import ip_address

import pytest

from kubeaid_ci.network.model import Direction, End, Node, Outside, Port, Protocol
from kubeaid_ci.network.reach import connects, restricts
from tests.network.worlds import end, network, pods

WEB = "podSelector: {matchLabels: {app: web}}"


@pytest.mark.parametrize(
    ("spec", "ingress", "egress"),
    [
        (f"spec: {{{WEB}}}", True, False),
        (f"spec: {{{WEB}, ingress: []}}", True, False),
        (f"spec: {{{WEB}, ingress: [{{}}]}}", True, False),
        # SetDefaults_NetworkPolicy: an empty list of egress rules does not make it a policy for egress.
        (f"spec: {{{WEB}, egress: []}}", True, False),
        (f"spec: {{{WEB}, egress: [{{}}]}}", True, True),
        (f"spec: {{{WEB}, policyTypes: [Egress]}}", False, True),
        (f"spec: {{{WEB}, policyTypes: [Egress, Ingress]}}", True, True),
        (f"spec: {{{WEB}, policyTypes: []}}", True, False),
        ("spec: {podSelector: {}}", True, False),
        ("spec: {podSelector: null}", True, False),
        ("spec: {}", True, False),
        ("metadata: {name: without-spec, namespace: shop}", True, False),
        ("spec: {podSelector: {matchLabels: {app: other}}}", False, False),
        ("spec: {podSelector: {matchLabels: {app: web, tier: back}}}", False, False),
        ("spec: {podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}", True, False),
        ("spec: {podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [web]}]}}", False, False),
        ("spec: {podSelector: {matchExpressions: [{key: nowhere, operator: NotIn, values: [x]}]}}", True, False),
        ("spec: {podSelector: {matchExpressions: [{key: tier, operator: Exists}]}}", True, False),
        ("spec: {podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", False, False),
    ],
)
def test_what_a_policy_restricts(spec: str, ingress: bool, egress: bool) -> None:
    world = network(spec)
    assert world.invalid == ()
    found = (restricts(world.policies, pods(world, "web"), direction) for direction in Direction)
    assert tuple(found) == (ingress, egress)
    assert restricts(world.policies, pods(world, "mon"), Direction.INGRESS) is False


@pytest.mark.parametrize(
    ("rule", "db", "mon", "outside"),
    [
        ("{}", True, True, True),
        ("from: []", True, True, True),
        ("from: null", True, True, True),
        ("from: [{podSelector: {}}]", True, False, False),
        ("from: [{namespaceSelector: {}}]", True, True, False),
        ("from: [{namespaceSelector: {matchLabels: {team: b}}}]", False, True, False),
        ("from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}}]", False, True, False),
        (
            "from: [{namespaceSelector: {matchLabels: {team: b}}, podSelector: {matchLabels: {app: db}}}]",
            False,
            False,
            False,
        ),
        (
            "from: [{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {matchLabels: {app: db}}}]",
            True,
            True,
            False,
        ),
        ("from: [{podSelector: {matchLabels: {app: mon}}}]", False, False, False),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8}}]", False, False, True),
        ("from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.9.0.0/16]}}]", False, False, False),
        ("from: [{ipBlock: {cidr: '::/0'}}]", False, False, False),
        ("ports: [{port: http}]", True, True, True),
        ("ports: [{port: sql}]", False, False, False),
        ("ports: [{port: http, protocol: UDP}]", False, False, False),
        ("ports: [{port: 8080}]", True, True, True),
        ("ports: [{port: 8081}]", False, False, False),
        ("ports: [{port: 8000, endPort: 8080}]", True, True, True),
        ("ports: [{port: 8081, endPort: 9000}]", False, False, False),
        ("ports: [{protocol: TCP}]", True, True, True),
        ("ports: [{}]", True, True, True),
        ("ports: [{protocol: UDP}]", False, False, False),
    ],
)
def test_which_traffic_a_rule_for_ingress_allows(rule: str, db: bool, mon: bool, outside: bool) -> None:
    item = rule if rule == "{}" else f"{{{rule}}}"
    world = network(f"spec: {{{WEB}, ingress: [{item}]}}")
    assert world.invalid == ()
    sources: dict[str, End] = {"db": end(world, "db"), "mon": end(world, "mon")}
    sources["outside"] = Outside(ip_address("10.9.8.7"))
    answers = {
        name: connects(world.policies, source, end(world, "web"), Port(8080)) for name, source in sources.items()
    }
    assert answers == {"db": db, "mon": mon, "outside": outside}


def test_two_policies_add_up() -> None:
    closed = "spec: {podSelector: {}}"
    opened = f"spec: {{{WEB}, ingress: [{{from: [{{podSelector: {{}}}}]}}]}}"
    world = network(closed, opened)
    assert connects(world.policies, end(world, "db"), end(world, "web"), Port(1)) is True
    assert connects(world.policies, end(world, "web"), end(world, "db"), Port(1)) is False


def test_a_named_port_of_egress_is_that_of_the_target() -> None:
    world = network(f"spec: {{{WEB}, policyTypes: [Egress], egress: [{{ports: [{{port: http}}]}}]}}")
    web = end(world, "web")
    assert connects(world.policies, web, end(world, "mon"), Port(9090)) is True
    assert connects(world.policies, web, end(world, "mon"), Port(8080)) is False
    assert connects(world.policies, web, end(world, "db"), Port(5432)) is False
    assert connects(world.policies, web, Outside(ip_address("1.1.1.1")), Port(80)) is False


def test_pods_in_the_network_of_their_node_are_no_pods_to_a_policy() -> None:
    world = network("spec: {podSelector: {}, policyTypes: [Ingress, Egress]}", namespace="ops")
    agent = pods(world, "agent")
    assert restricts(world.policies, agent, Direction.INGRESS) is False
    assert connects(world.policies, end(world, "web"), agent, Port(80, Protocol.UDP)) is True
    by_label = network(f"spec: {{{WEB}, ingress: [{{from: [{{namespaceSelector: {{}}}}]}}]}}")
    assert connects(by_label.policies, end(by_label, "agent"), end(by_label, "web"), Port(8080)) is False
    by_block = network(f"spec: {{{WEB}, ingress: [{{from: [{{ipBlock: {{cidr: 10.0.0.0/8}}}}]}}]}}")
    assert connects(by_block.policies, Node(), end(by_block, "web"), Port(8080)) is None


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("spec: []", "spec: expected keys with values"),
        ("spec: text", "spec: expected keys with values"),
        ("spec: {podSelector: []}", "spec.podSelector: expected keys"),
        ("spec: {podSelector: {matchLabels: {app: 1}}}", "spec.podSelector.matchLabels.app: expected text"),
        ("spec: {podSelector: {matchLabels: {1: a}}}", "1 is not a label key"),
        ("spec: {podSelector: {matchLabels: {a/b/c: a}}}", "'a/b/c' is not a label key"),
        ("spec: {podSelector: {matchLabels: {app: 'a b'}}}", "'a b' is not a label value"),
        (f"spec: {{podSelector: {{matchLabels: {{app: {'x' * 64}}}}}}}", "is not a label value"),
        ("spec: {podSelector: {matchExpressions: [{key: app, operator: Is}]}}", "'Is' is not an operator"),
        ("spec: {podSelector: {matchExpressions: [null]}}", "None is not a label key"),
        ("spec: {podSelector: {matchExpressions: [{key: app, operator: In}]}}", "In takes at least one value"),
        (
            "spec: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}",
            "Exists takes no values",
        ),
        ("spec: {policyTypes: [ingress]}", "'ingress' is not a policy type"),
        ("spec: {policyTypes: [Ingress, Egress, Ingress]}", "more than two"),
        ("spec: {policyTypes: Ingress}", "spec.policyTypes: expected a list"),
        ("spec: {ingress: {}}", "spec.ingress: expected a list"),
        ("spec: {ingress: [{from: {}}]}", "spec.ingress[0].from: expected a list"),
        ("spec: {ingress: [{from: [{}]}]}", "a peer needs a podSelector"),
        ("spec: {ingress: [{from: [null]}]}", "a peer needs a podSelector"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 1.2.3.4/8}, podSelector: {}}]}]}", "cannot be combined"),
        ("spec: {ingress: [{from: [{ipBlock: {}}]}]}", "None is not a block of addresses"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 1.2.3.4}}]}]}", "'1.2.3.4' is not a block"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 1.2.3.4/33}}]}]}", "'1.2.3.4/33' is not a block"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 1.2.3.4/255.0.0.0}}]}]}", "is not a block"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]}", "is not a part of"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}", "is not a part of"),
        ("spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: ['::/0']}}]}]}", "is not a part of"),
        ("spec: {ingress: [{ports: [{port: 0}]}]}", "0 is not between 1 and 65535"),
        ("spec: {ingress: [{ports: [{port: 70000}]}]}", "70000 is not between"),
        ("spec: {ingress: [{ports: [{port: true}]}]}", "spec.ingress[0].ports[0].port: expected a number or text"),
        ("spec: {ingress: [{ports: [{port: 80.5}]}]}", "expected a number or text"),
        ("spec: {ingress: [{ports: [{port: '80'}]}]}", "'80' is not the name of a port"),
        ("spec: {ingress: [{ports: [{port: Http}]}]}", "'Http' is not the name of a port"),
        ("spec: {ingress: [{ports: [{port: http, endPort: 90}]}]}", "needs a port that is a number"),
        ("spec: {ingress: [{ports: [{endPort: 90}]}]}", "needs a port"),
        ("spec: {ingress: [{ports: [{port: 90, endPort: 80}]}]}", "80 is not between 90 and 65535"),
        ("spec: {ingress: [{ports: [{protocol: ICMP}]}]}", "'ICMP' is not a protocol"),
        ("spec: {policyTypes: [Egress], ingress: [{ports: [{port: 0}]}]}", "0 is not between"),
    ],
)
def test_what_the_api_server_refuses_restricts_nothing(spec: str, says: str) -> None:
    world = network(spec)
    (invalid,) = world.invalid
    assert says in invalid.error
    assert world.policies == ()


def test_labels_that_only_the_cluster_knows_give_no_answer() -> None:
    text = "spec: {podSelector: {}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: c}}}]}]}"
    world = network(text)
    stranger = pods(network(text, namespace="elsewhere"), "mon")
    assert connects(world.policies, stranger, end(world, "web"), Port(80)) is False
    unknown = type(stranger)(
        stranger.manifest,
        stranger.template,
        "elsewhere",
        stranger.labels,
        type(stranger.namespace_labels)({"kubernetes.io/metadata.name": "elsewhere"}, complete=False),
    )
    assert connects(world.policies, unknown, end(world, "web"), Port(80)) is None
