# The container image of the controller: gupshupctl, and nothing that builds or installs.
# The release resolves the base's digest and commits it here (.ci/pin). Until then, there is only the tag.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
# A certificate bundle for networks with their own authority; an ARG does not stay in the image.
ARG PIP_CERT
COPY requirements/postgresql.txt requirements/build.txt requirements/
RUN python3 -m venv /opt/build \
 && /opt/build/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt \
 && python3 -m venv /opt/app \
 && /opt/app/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/postgresql.txt
COPY pyproject.toml README.md LICENSE ./
COPY controller controller
COPY schemas schemas
COPY examples/demo examples/demo
# Compiled here, because the running container cannot write; by content, so that no file's date matters.
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/app/bin/python -m pip install --no-cache-dir --no-deps --no-index /dist/*.whl \
 && /opt/app/bin/python -m pip uninstall --yes --quiet pip setuptools \
 && /opt/app/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/app/lib

FROM ${BASE}
# git reads the manifests of `run --git`, ssh reaches a repository by key, and ssh-keygen (of the same package) checks
# signatures. Their versions are those of the base's Debian, so that its security fixes do not wait for us.
# Then this step removes what nothing here calls (the perl of git's mail and menus), what could install something, and
# what could give a process more rights (setuid, setgid).
# hadolint ignore=DL3008,SC2046
RUN apt-get -qq update \
 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates git openssh-client \
 && dpkg --purge --force-depends $(dpkg-query -W -f '${Package} ' perl 'perl-modules-5*' 'libperl5*' liberror-perl) \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* /usr/share/doc/* /usr/share/man/* /usr/share/gitweb \
      /usr/local/lib/python3*/site-packages/* /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
      /usr/lib/python3*/ensurepip /usr/share/python-wheels \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && groupadd --gid 65532 gupshup \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /var/lib/gupshup --shell /usr/sbin/nologin gupshup \
 && install -d -o 65532 -g 65532 -m 0700 /var/lib/gupshup
COPY --from=build /opt/app /opt/app
ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gupshup-controller" \
      org.opencontainers.image.description="Declare WhatsApp apps and webhooks on Gupshup in git; plan, apply and keep them so." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
ENV PATH=/opt/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GUPSHUPCTL_GIT_COPY=/var/lib/gupshup/manifests.git \
    GUPSHUPCTL_LISTEN=127.0.0.1:8080 \
    GUPSHUPCTL_STORE=sqlite:////var/lib/gupshup/state.db
USER 65532:65532
WORKDIR /var/lib/gupshup
VOLUME /var/lib/gupshup
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["/opt/app/bin/python", "-m", "controller.doors.healthcheck"]
ENTRYPOINT ["/opt/app/bin/gupshupctl"]
CMD ["--help"]
