from kubeaid_ci.charts.update.tracked import TrackedDependency, policy_for, unmatched_policies
from kubeaid_ci.helm.chart import Chart, Dependency
from kubeaid_ci.settings.policy import ChartPolicy, Step


def tracked(umbrella, name):
    chart = Chart(f"argocd-helm-charts/{umbrella}", umbrella, "1.0.0")
    return TrackedDependency(chart, Dependency(name, "1.0.0", "https://charts.example.com"), None)


def test_the_nearest_name_counts_first_and_the_others_fill_what_it_leaves_open():
    known = {
        "*": ChartPolicy(allow=Step.MAJOR, group="all", prereleases=False),
        "kube-*": ChartPolicy(group="kube"),
        "kube-web": ChartPolicy(allow=Step.PATCH),
        "kube-web/db": ChartPolicy(prereleases=True),
    }
    assert policy_for(known, tracked("kube-web", "db")) == ChartPolicy(allow=Step.PATCH, group="kube", prereleases=True)
    assert policy_for(known, tracked("web", "db")) == known["*"]
    assert policy_for({}, tracked("web", "db")) == ChartPolicy()


def test_a_policy_may_name_a_folder_an_alias_or_a_dependency():
    chart = Chart("argocd-helm-charts/app", "app", "1.0.0")
    dependency = Dependency("web", "1.0.0", "https://charts.example.com", alias="old")
    one = TrackedDependency(chart, dependency, None, "web-1", (Dependency("web", "1.0.0", "x", alias="other"),))
    names = ("app/web-1", "app/old", "app/other", "app/web", "app", "app/w*", "*")
    for number, name in enumerate(names):
        known = {each: ChartPolicy(group=each) for each in names[number:]}
        assert policy_for(known, one).group == name
    assert list(unmatched_policies(dict.fromkeys([*names, "app/new"], ChartPolicy()), [one])) == ["app/new"]


def test_a_name_that_means_no_chart_is_told():
    known = {"wbe": ChartPolicy(), "web": ChartPolicy(), "we?/d*": ChartPolicy()}
    assert list(unmatched_policies(known, [tracked("web", "db")])) == ["wbe"]
