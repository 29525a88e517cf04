"""The rules of the family ``chart``."""

from kubeaid_ci.model.finding import Rule, Severity

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

CHART_RULES = (
    Rule(
        "chart/invalid",
        _ERROR,
        "Helm cannot load a chart whose metadata cannot be read, so nothing about it can be checked either. "
        "Correct the line that the message names.",
    ),
    Rule(
        "chart/file-modified",
        _ERROR,
        "A vendored file is not what was reviewed or published, which is what a supply-chain attack looks like. "
        "Look at the difference and restore the file; declare a change on purpose as a patch, or accept it with a "
        "reason.",
    ),
    Rule(
        "chart/file-added",
        _ERROR,
        "A vendored chart has a file that its publisher does not ship, and Helm renders whatever lies there. "
        "Remove the file; declare it as a patch where it is there on purpose.",
    ),
    Rule(
        "chart/file-missing",
        _ERROR,
        "A file that the publisher ships is missing in our copy, so what we run is not what was released. "
        "Restore the file; declare it as removed where that is on purpose.",
    ),
    Rule(
        "chart/upstream-republished",
        _ERROR,
        "The publisher put other content under a version that we had seen before, which an attacker who holds the "
        "repository would do too. Compare both with the publisher's source, then accept the new content with a "
        "reason or stay with ours.",
    ),
    Rule(
        "chart/digest-mismatch",
        _ERROR,
        "The archive is not the one that its index or manifest promises, so somebody exchanged it on the way or at "
        "its host. Do not use it; ask the publisher.",
    ),
    Rule(
        "chart/repacked",
        _INFO,
        "The publisher packed the same files into a new archive, so its checksum is new and its content is not. "
        "Nothing has to be done; accept it to record the new checksum.",
    ),
    Rule(
        "chart/index-digest-stale",
        _WARNING,
        "The repository's index promises another checksum than that of the archive, which is still the one that we "
        "recorded. Tell the publisher that the index is out of date.",
    ),
    Rule(
        "chart/version-yanked",
        _WARNING,
        "The publisher took this version back, most often for a reason. Read the release notes and move to a "
        "version that is still published.",
    ),
    Rule(
        "chart/version-unpublished",
        _ERROR,
        "Upstream does not list this version and the ledger has no checksum of it, so perhaps nobody published it. "
        "Vendor a published version; if this one was taken back, review its files and accept them with a reason.",
    ),
    Rule(
        "chart/not-compared",
        _WARNING,
        "The change brings a version of a chart that this run did not compare with what is published, so its files are "
        "only what the change says they are. Run kubeaid-ci charts verify without --offline for this chart.",
    ),
    Rule(
        "chart/version-mismatch",
        _ERROR,
        "The vendored chart is not of the version that Chart.yaml declares, so what is reviewed is not what is "
        "named. Vendor the declared version, or declare the vendored one.",
    ),
    Rule(
        "chart/lock-out-of-date",
        _WARNING,
        "The lock was written for other dependencies than those declared, and Argo CD refuses to build from such a "
        "lock. Run helm dependency update and commit the lock.",
    ),
    Rule(
        "chart/lock-missing",
        _WARNING,
        "Without a lock nothing records which versions the declared dependencies stand for, and Helm resolves ranges "
        "again when it builds the chart. Run helm dependency update and commit the lock.",
    ),
    Rule(
        "chart/subchart-missing",
        _ERROR,
        "A declared dependency is not vendored, so Argo CD would download it at sync time, past every review. Vendor "
        "it, or remove the dependency.",
    ),
    Rule(
        "chart/subchart-undeclared",
        _ERROR,
        "Helm renders every chart in the charts folder, declared or not, so an undeclared one is applied without "
        "anybody having asked for it. Declare it as a dependency, or remove it.",
    ),
    Rule(
        "chart/archive-beside-folder",
        _ERROR,
        "A packed chart lies beside the unpacked one, and Helm takes either of them at random. Remove the archive.",
    ),
    Rule(
        "chart/repository-changed",
        _ERROR,
        "The chart comes from another repository than before, which may be another publisher under the same name. "
        "Make sure who publishes there before you merge.",
    ),
    Rule(
        "chart/unsafe-archive",
        _ERROR,
        "The published archive holds what no chart needs, such as paths that leave its folder, links or a second "
        "chart. Do not use it; ask the publisher.",
    ),
    Rule(
        "chart/unverifiable",
        _WARNING,
        "Our copy could not be compared with what is published, and not knowing is not the same as being clean. Try "
        "again where a retry may help; else find out where the chart is published now.",
    ),
    Rule(
        "chart/deprecated",
        _WARNING,
        "Nobody maintains a deprecated chart, so fixes of security holes no longer reach it. Move to the successor "
        "that its README names.",
    ),
    Rule(
        "chart/outdated",
        _INFO,
        "A newer release may bring fixes of bugs and security holes. Run kubeaid-ci charts update, and review what it "
        "changes.",
    ),
    Rule(
        "chart/update-refused",
        _ERROR,
        "The chart was left as it was, because an update would lose something, vendor something unsafe or break it. "
        "Do what the message says, and run the update again.",
    ),
    Rule(
        "chart/policy-unused",
        _WARNING,
        "A policy for a chart that is not there holds nothing back, most likely because its name is misspelled. "
        "Correct the name, or remove the policy.",
    ),
    Rule(
        "chart/render-failed",
        _ERROR,
        "A chart that does not render cannot be reviewed or applied. Correct the template or the values that the "
        "message names.",
    ),
    Rule(
        "chart/lint",
        _WARNING,
        "Helm's own linter finds fault with the chart, and a later release of Helm may refuse what it warns of now. "
        "Correct the file that the message names, or report it to the publisher.",
    ),
    Rule(
        "chart/deprecated-api",
        _WARNING,
        "The API server refuses objects of an API that it no longer serves, and the sync fails with the first such "
        "release of Kubernetes. Update the chart, or set the value that names the newer one.",
    ),
    Rule(
        "chart/kubernetes-unknown",
        _WARNING,
        "Nothing is known here of that release of Kubernetes, so APIs that it removes are not reported. Correct the "
        "version, or update kubeaid-ci.",
    ),
    Rule(
        "chart/dropped-by-gitignore",
        _ERROR,
        "An ignore file keeps a part of the chart out of Git, so Argo CD runs less than what was vendored. Add the "
        "file with git add --force, or narrow the ignore rule.",
    ),
    Rule(
        "chart/dropped-by-helmignore",
        _ERROR,
        "Helm reads the .helmignore of the outer chart alone, so one there takes files out of vendored charts that are "
        "whole in Git. Narrow the pattern to files of the outer chart.",
    ),
    Rule(
        "chart/changed-by-gitattributes",
        _ERROR,
        "An attribute makes Git check out other bytes than those that were reviewed, and Argo CD renders the "
        "checkout. Remove the attribute for vendored charts.",
    ),
    Rule(
        "chart/symlink-escapes",
        _ERROR,
        "The link leads out of the repository, and Helm would read whatever lies there on the machine that renders. "
        "Replace the link by the file itself.",
    ),
    Rule(
        "chart/linked-content",
        _ERROR,
        "Helm follows the link and renders what is behind it, which no checksum covers and no check looks at. Replace "
        "the link by the files themselves.",
    ),
    Rule(
        "chart/subchart-kube-version",
        _WARNING,
        "The vendored chart says that it does not run on this version of Kubernetes, and Helm asks only the outer "
        "chart. Vendor a version that supports the cluster.",
    ),
    Rule(
        "chart/duplicate-object",
        _WARNING,
        "The chart renders the same object twice, and Argo CD applies the last of them only. Remove one of the "
        "templates.",
    ),
    Rule(
        "chart/ledger-changed",
        _WARNING,
        "The ledger says what every later check trusts, so a change of it deserves a review of its own. Look whether "
        "the change of the chart that it goes with is wanted.",
    ),
    Rule(
        "chart/suppression-changed",
        _WARNING,
        "Who edits a chart may silence the alarm about it in the same change, so nothing silences this. Make sure that "
        "what is kept silent is wanted.",
    ),
    Rule(
        "chart/not-in-ledger",
        _WARNING,
        "Nothing records what this vendored chart held when it was reviewed, so a later edit could not be told. Run "
        "kubeaid-ci charts verify --update-ledger and commit the ledger.",
    ),
    Rule(
        "chart/not-checked",
        _WARNING,
        "An Application may render this chart, but the commands about charts look at argocd-helm-charts/<chart>/ only. "
        "Move the chart there.",
    ),
    Rule(
        "chart/own-unclear",
        _WARNING,
        "The ledger calls the chart our own, so no edit of it is reported, but its Chart.yaml names somebody else's "
        "project. Declare it with its repository, or accept it as ours with a reason.",
    ),
    Rule(
        "chart/patch-does-not-apply",
        _ERROR,
        "The declared changes do not turn the published chart into ours, so an edit may hide among them. Make the "
        "patch again from the published files, or drop what is no longer wanted.",
    ),
)
