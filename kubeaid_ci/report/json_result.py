"""Results of jobs that can be printed as JSON."""


class JsonResult:
    """The result of a job."""

    __slots__ = ()

    def to_json(self) -> str:
        """Return what the command of this job prints with ``--format json``: an object of the schema ``kubeaid-ci/v1``.

        The findings are those of the job. A command also applies the suppressions of the settings files, and fills in
        the revisions of both repositories.
        """
        # The one import against the direction of the layers (see pyproject.toml): a method of each result reads better
        # than a function to import next to it.
        from kubeaid_ci.results import as_json

        return as_json(self)
