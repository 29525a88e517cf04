"""The rules about vulnerabilities of images."""

from kubeaid_ci.findings.finding import Rule, Severity

RULES = (
    Rule(
        "image/vulnerable",
        Severity.ERROR,
        "The image has a known vulnerability that reaches the gate of the settings. Update the image to a version with "
        "the fix, or accept the vulnerability under scan.allow with a reason and an end date.",
    ),
    Rule(
        "image/not-scanned",
        Severity.WARNING,
        "No scanner has reported on this image, so nothing is known about its vulnerabilities, and unknown is not "
        "clean. Install trivy or grype where this runs, or pass the report of a scanner with --from.",
    ),
    Rule(
        "image/scan-unreadable",
        Severity.ERROR,
        "A report of a scanner cannot be read, so the images in it count as not scanned. Write it again as JSON, and "
        "report the format if the scanner is one of those that are supported.",
    ),
    Rule(
        "image/allow-expired",
        Severity.WARNING,
        "The day until which this vulnerability was accepted has passed, so it counts again. Update the image, or look "
        "at the reason again and set a new date under scan.allow.",
    ),
    Rule(
        "image/allow-unused",
        Severity.INFO,
        "An accepted vulnerability that no image has may hide a new one tomorrow. Remove it from scan.allow, or "
        "correct its id, image and package.",
    ),
)
