# The controller as a container: gupshupctl, and nothing that builds or installs.
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
COPY examples examples
RUN /opt/build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist . \
 && /opt/app/bin/python -m pip install --no-cache-dir --no-deps --no-index /dist/*.whl \
 && /opt/app/bin/python -m compileall -q /opt/app/lib \
 && /opt/app/bin/python -m pip uninstall --yes --quiet pip setuptools

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="gupshup-controller" \
      org.opencontainers.image.description="Declare WhatsApp apps and webhooks on Gupshup in git; plan, apply and keep them so." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
RUN groupadd --gid 65532 gupshup \
 && useradd --uid 65532 --gid 65532 --no-create-home --home-dir /var/lib/gupshup --shell /usr/sbin/nologin gupshup \
 && install -d -o 65532 -g 65532 -m 0700 /var/lib/gupshup
COPY --from=build /opt/app /opt/app
ENV PATH=/opt/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GUPSHUPCTL_STORE=sqlite:////var/lib/gupshup/state.db
USER 65532:65532
WORKDIR /var/lib/gupshup
VOLUME /var/lib/gupshup
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/app/bin/gupshupctl"]
CMD ["--help"]
