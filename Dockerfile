# syntax=docker/dockerfile:1

# The `etude` binary with Chromium beside it.
#
#   docker build -t etude --build-arg ETUDE_COMMIT="$(git rev-parse --short=12 HEAD)" .
#   docker run --rm --network host --shm-size 1g etude
#
# Étude listens on loopback until authentication is configured, hence the
# host network above.

FROM rust:1.95.0-bookworm AS builder
WORKDIR /src
COPY . .
# The commit that `etude version` names; the build has no repository to ask.
ARG ETUDE_COMMIT=unknown
# The caches keep a rebuild to what changed; the binary leaves them by copy.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package etude-server --bin etude \
    && cp target/release/etude /usr/local/bin/etude

FROM debian:bookworm-slim
# Chromium is not pinned to a version: Debian replaces it with each security
# release and keeps no older one.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium chromium-driver fonts-liberation fonts-noto-color-emoji \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/etude etude
COPY --from=builder /usr/local/bin/etude /usr/local/bin/etude
COPY LICENSE /usr/share/doc/etude/LICENSE

USER 10001
ENV ETUDE_DATA_DIR=/var/lib/etude
WORKDIR /var/lib/etude
VOLUME /var/lib/etude
EXPOSE 50051
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["etude", "health-check"]
ENTRYPOINT ["etude"]
CMD ["serve"]
