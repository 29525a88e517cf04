# kubeaid-ci with Git, for CI jobs that install nothing. docs/install.md says how to build and use it.
# The base is pinned by digest: the registry cannot serve other content under it. Dependabot proposes newer ones.
FROM python:3.13.5-slim-bookworm@sha256:4c2cf9917bd1cbacc5e9b07320025bdb7cdf2df7b0ceaccb55e9dd7e30987419 AS build

WORKDIR /src
COPY actions/requirements.txt actions/requirements.txt
# Every dependency is checked by its hash; wheels only, so that no code of a package runs during the installation.
RUN python -m venv /opt/kubeaid-ci \
 && /opt/kubeaid-ci/bin/pip install --no-cache-dir --quiet --require-hashes --only-binary :all: --requirement actions/requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY jsonnet jsonnet
COPY kubeaid_ci kubeaid_ci
RUN /opt/kubeaid-ci/bin/pip install --no-cache-dir --quiet --no-index --no-deps --no-build-isolation /src

FROM python:3.13.5-slim-bookworm@sha256:4c2cf9917bd1cbacc5e9b07320025bdb7cdf2df7b0ceaccb55e9dd7e30987419

RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --create-home kubeaid-ci
COPY --from=build /opt/kubeaid-ci /opt/kubeaid-ci
ENV PATH=/opt/kubeaid-ci/bin:$PATH
USER 10001
WORKDIR /home/kubeaid-ci
# No entry point: GitLab and GitHub start a shell in the image of a job.
CMD ["kubeaid-ci", "--help"]
