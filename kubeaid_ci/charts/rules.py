"""The rules of the family ``chart``, and those that each ``charts`` command checks in full."""

from kubeaid_ci.findings.finding import Rule, Severity

_ERROR, _WARNING, _INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

RULES = (
    Rule(
        "chart/invalid",
        _ERROR,
        "Helm cannot load a chart whose metadata cannot be read, so nothing about it can be checked either. "
        "Correct the line that the message names.",
    ),
    Rule(
        "chart/file-modified",
        _ERROR,
        "A vendored file differs from what was reviewed or published, which is what a supply-chain attack looks "
        "like. Check the difference and restore the file; declare an intended change as a patch, or accept it "
        "with a reason.",
    ),
    Rule(
        "chart/file-added",
        _ERROR,
        "A vendored chart has a file that its publisher does not ship, and Helm renders it. Remove the file, or "
        "declare it as a patch if it is intended.",
    ),
    Rule(
        "chart/file-missing",
        _ERROR,
        "A file that the publisher ships is missing in our copy, so what we run is not what was released. Restore"
        " the file, or declare it as removed if that is intended.",
    ),
    Rule(
        "chart/upstream-republished",
        _ERROR,
        "The publisher replaced the content of a version that was recorded before, which is also what an attacker"
        " with access to the repository would do. Compare both with the publisher's source, then accept the new "
        "content with a reason or keep ours.",
    ),
    Rule(
        "chart/digest-mismatch",
        _ERROR,
        "The archive does not match the digest in its index or manifest, so it was replaced in transit or on its "
        "host. Do not use it; ask the publisher.",
    ),
    Rule(
        "chart/repacked",
        _INFO,
        "The publisher packed the same files into a new archive, so only its checksum is new. Nothing needs to be"
        " done; accept it to record the new checksum.",
    ),
    Rule(
        "chart/index-digest-stale",
        _WARNING,
        "The index of the repository has another checksum for the archive, which still has the recorded one. "
        "Inform the publisher that the index is out of date.",
    ),
    Rule(
        "chart/version-yanked",
        _WARNING,
        "The publisher withdrew this version, usually for a reason. Read the release notes and move to a version "
        "that is still published.",
    ),
    Rule(
        "chart/version-unpublished",
        _ERROR,
        "Upstream does not list this version and the ledger has no checksum of it, so it may never have been "
        "published. Vendor a published version; if this one was withdrawn, review its files and accept them with "
        "a reason.",
    ),
    Rule(
        "chart/not-compared",
        _WARNING,
        "The change adds a version of a chart that this run did not compare with upstream, so its files are "
        "unverified. Run kubeaid-ci charts verify without --offline for this chart.",
    ),
    Rule(
        "chart/version-mismatch",
        _ERROR,
        "The vendored chart has another version than Chart.yaml declares, so reviewers see the wrong version. "
        "Vendor the declared version, or declare the vendored one.",
    ),
    Rule(
        "chart/lock-out-of-date",
        _WARNING,
        "Chart.lock is out of sync with Chart.yaml, and Argo CD refuses to build from such a lock. Run helm "
        "dependency update and commit the lock.",
    ),
    Rule(
        "chart/lock-missing",
        _WARNING,
        "Without a lock the versions of the declared dependencies are not recorded, and Helm resolves ranges "
        "again at each build of the chart. Run helm dependency update and commit the lock.",
    ),
    Rule(
        "chart/subchart-missing",
        _ERROR,
        "A declared dependency is not vendored, so Argo CD would download it at sync time without review. Vendor "
        "it, or remove the dependency.",
    ),
    Rule(
        "chart/subchart-undeclared",
        _ERROR,
        "Helm renders every chart in the charts folder, declared or not, so an undeclared chart is applied "
        "without review of its declaration. Declare it as a dependency, or remove it.",
    ),
    Rule(
        "chart/archive-beside-folder",
        _ERROR,
        "A packed chart is next to the unpacked one, and Helm uses either of them at random. Remove the archive.",
    ),
    Rule(
        "chart/repository-changed",
        _ERROR,
        "The chart comes from another repository than before, which may belong to another publisher. Check who "
        "publishes there before you merge.",
    ),
    Rule(
        "chart/unsafe-archive",
        _ERROR,
        "The published archive contains what no chart needs, such as paths that leave its folder, links or a "
        "second chart. Do not use it; ask the publisher.",
    ),
    Rule(
        "chart/unverifiable",
        _WARNING,
        "Our copy could not be compared with what is published, and unknown does not mean clean. Run again if a "
        "retry may help; otherwise find out where the chart is published now.",
    ),
    Rule(
        "chart/deprecated",
        _WARNING,
        "A deprecated chart gets no more security fixes. Move to the successor that its README names.",
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
        "The chart was not changed, because an update would lose something, vendor something unsafe or break it. "
        "Follow the message, and run the update again.",
    ),
    Rule(
        "chart/policy-unused",
        _WARNING,
        "The policy matches no chart and so holds nothing back, most likely because its name is misspelled. "
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
        "Helm's linter reports a problem, and a later release of Helm may treat its warnings as errors. Correct "
        "the file that the message names, or report it to the publisher.",
    ),
    Rule(
        "chart/deprecated-api",
        _WARNING,
        "The API server refuses objects of an API that it no longer serves, so the sync fails from that "
        "Kubernetes release on. Update the chart, or set the value that selects the newer version.",
    ),
    Rule(
        "chart/kubernetes-unknown",
        _WARNING,
        "This version of kubeaid-ci does not know that Kubernetes release, so APIs that it removes are not "
        "reported. Correct the version, or update kubeaid-ci.",
    ),
    Rule(
        "chart/dropped-by-gitignore",
        _ERROR,
        "An ignore file keeps a part of the chart out of Git, so Argo CD renders less than what was vendored. Add"
        " the file with git add --force, or narrow the ignore rule.",
    ),
    Rule(
        "chart/dropped-by-helmignore",
        _ERROR,
        "Helm applies the .helmignore of the outer chart to vendored charts too, so this one removes files that "
        "are in Git. Narrow the pattern to files of the outer chart.",
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
        "The link leads out of the repository, so Helm would read files of the machine that renders. Replace the "
        "link by the file itself.",
    ),
    Rule(
        "chart/linked-content",
        _ERROR,
        "Helm follows the link and renders its target, which no checksum covers and no check reads. Replace the "
        "link by the files themselves.",
    ),
    Rule(
        "chart/subchart-kube-version",
        _WARNING,
        "The vendored chart does not support this version of Kubernetes, and Helm checks only the outer chart. "
        "Vendor a version that supports the cluster.",
    ),
    Rule(
        "chart/duplicate-object",
        _WARNING,
        "The chart renders the same object twice, and Argo CD applies only the last one. Remove one of the templates.",
    ),
    Rule(
        "chart/ledger-changed",
        _WARNING,
        "All later checks trust the ledger, so a change of it needs a review of its own. Check that the change of"
        " the chart that it belongs to is wanted.",
    ),
    Rule(
        "chart/suppression-changed",
        _WARNING,
        "The author of a change could silence the finding about it in the same change, so this finding cannot be "
        "suppressed. Check that the new suppression is wanted.",
    ),
    Rule(
        "chart/not-in-ledger",
        _WARNING,
        "The reviewed content of this vendored chart is not recorded, so a later edit could not be detected. Run "
        "kubeaid-ci charts verify --update-ledger and commit the ledger.",
    ),
    Rule(
        "chart/not-checked",
        _WARNING,
        "An Application may render this chart, but the commands for charts look only at "
        "argocd-helm-charts/<chart>/ itself. Move the chart there.",
    ),
    Rule(
        "chart/own-unclear",
        _WARNING,
        "The ledger marks the chart as our own, so no edit of it is reported, but its Chart.yaml names another "
        "project. Declare it with its repository, or accept it as our own with a reason.",
    ),
    Rule(
        "chart/patch-does-not-apply",
        _ERROR,
        "The published chart with the declared patches is not our copy, so the difference may contain an "
        "undeclared edit. Recreate the patch from the published files, or drop unwanted edits.",
    ),
)

# Only for these rules can a suppression be reported as unused. Rules about a change, such as chart/ledger-changed, are
# in no list: the next change may need the suppression.
_STRUCTURE = (
    "chart/archive-beside-folder",
    "chart/changed-by-gitattributes",
    "chart/deprecated",
    "chart/dropped-by-gitignore",
    "chart/dropped-by-helmignore",
    "chart/invalid",
    "chart/linked-content",
    "chart/lock-out-of-date",
    "chart/not-checked",
    "chart/subchart-kube-version",
    "chart/subchart-missing",
    "chart/subchart-undeclared",
    "chart/symlink-escapes",
    "chart/version-mismatch",
)
_CONTENT = ("chart/file-added", "chart/file-missing", "chart/file-modified", "chart/not-in-ledger", "chart/own-unclear")
_UPSTREAM = (
    "chart/digest-mismatch",
    "chart/index-digest-stale",
    "chart/patch-does-not-apply",
    "chart/repacked",
    "chart/unsafe-archive",
    "chart/unverifiable",
    "chart/upstream-republished",
    "chart/version-unpublished",
    "chart/version-yanked",
)

VERIFY_OFFLINE_RULES = (*_STRUCTURE, *_CONTENT)
VERIFY_RULES = (*VERIFY_OFFLINE_RULES, *_UPSTREAM)
LIST_RULES = ("chart/invalid",)
RENDER_RULES = ("chart/render-failed", "chart/render-unstable")
LINT_RULES = (
    *RENDER_RULES,
    "chart/deprecated-api",
    "chart/duplicate-object",
    "chart/invalid",
    "chart/kubernetes-unknown",
    "chart/lint",
)
OUTDATED_RULES = ("chart/outdated", "chart/policy-unused")
UPDATE_RULES = ("chart/update-refused",)
