# SPDX-License-Identifier: Apache-2.0
# The service: `docker build -t snug .`, then see docs/deployment.md.
FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends git make
WORKDIR /source
# The system packages change seldom: they are a layer of their own.
COPY scripts/install scripts/install
RUN scripts/install build
COPY . .
RUN make release && strip .build/release/snug

FROM debian:bookworm-slim
# The four after the first line are loaded only by the decoder processes, for formats that a request brings.
RUN apt-get update && apt-get install -y --no-install-recommends \
    ca-certificates libcurl4 libdeflate0 libgif7 libisal2 libjpeg62-turbo liblcms2-2 libpng16-16 libpq5 libssl3 libsqlite3-0 libwebp7 tzdata zlib1g \
    libavif15 libheif1 libjxl0.7 libtiff6 \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --create-home --home-dir /var/lib/snug --shell /usr/sbin/nologin snug \
  && install -d -o snug -g snug -m 700 /var/lib/snug \
  && install -d -o snug -g snug /srv/snug/inbox /srv/snug/outbox
COPY --from=build /source/.build/release/snug /usr/local/bin/snug
# A library that is missing is found here and not by the first request.
RUN ! ldd /usr/local/bin/snug | grep 'not found'
USER 10001:10001
ENV SNUG_STATE_DIR=/var/lib/snug
VOLUME /var/lib/snug
EXPOSE 8080
# bash speaks HTTP where there is no curl.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s CMD ["bash", "-c", \
  "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /livez HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
# Beyond this machine the service needs a token: mount it there, or set SNUG_SERVER_TOKEN.
ENTRYPOINT ["snug"]
CMD ["serve", "--listen", "0.0.0.0:8080", "--token-file", "/run/secrets/snug_token"]
