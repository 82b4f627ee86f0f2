# syntax=docker/dockerfile:1
# Two images: `docker build --target edge .` serves programs and nothing else, `docker build --target platform .` is everything.
# Both run as a user without rights, on a root that may be read-only; only /data and /tmp are written to. docs/deployment.md has the rest.

# What npm has to know, and nothing that changes with each line of code.
FROM node:24.21.0-trixie-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/module-sdk/package.json packages/module-sdk/
COPY packages/edge/package.json packages/edge/
COPY packages/engine/package.json packages/engine/
COPY packages/generation/package.json packages/generation/
COPY packages/models/package.json packages/models/
COPY packages/client/package.json packages/client/
COPY apps/server/package.json apps/server/
COPY apps/generator/package.json apps/generator/
COPY apps/cli/package.json apps/cli/
COPY apps/dashboard/package.json apps/dashboard/

# No package of ours needs a script at its installation, and none is run.
FROM manifests AS edge-packages
RUN npm install --no-save --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
    --workspace=@loopwright/protocol --workspace=@loopwright/module-sdk --workspace=@loopwright/edge \
 && npm install --no-save --ignore-scripts --no-audit --no-fund --prefix /esbuild "esbuild@$(node -p 'require("/app/packages/edge/package.json").dependencies.esbuild')" \
 && cp -R /esbuild/node_modules/@esbuild node_modules/

FROM manifests AS platform-packages
RUN npm install --no-save --omit=dev --ignore-scripts --no-audit --no-fund \
    --workspace=@loopwright/protocol --workspace=@loopwright/module-sdk --workspace=@loopwright/edge --workspace=@loopwright/engine \
    --workspace=@loopwright/generation --workspace=@loopwright/models --workspace=@loopwright/client --workspace=@loopwright/server --workspace=@loopwright/generator \
    --workspace=@loopwright/cli

# The pages are built here; the image has what comes out and nothing of what it takes.
FROM manifests AS dashboard
RUN npm install --no-save --ignore-scripts --no-audit --no-fund --include-workspace-root \
    --workspace=@loopwright/protocol --workspace=@loopwright/client --workspace=@loopwright/dashboard
COPY packages/protocol packages/protocol
COPY packages/client packages/client
COPY apps/dashboard apps/dashboard
COPY scripts/build-dashboard.ts scripts/
COPY tsconfig.base.json ./
RUN node --conditions=loopwright-source scripts/build-dashboard.ts

FROM node:24.21.0-trixie-slim AS runtime
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap \
 && rm -rf /var/lib/apt/lists/* /opt/yarn-* /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
 && mkdir /data && chown 10001:10001 /data
WORKDIR /app
ENV NODE_ENV=production
COPY docker/health-check.mjs docker/
STOPSIGNAL SIGTERM

FROM runtime AS edge
COPY --from=edge-packages /app/node_modules node_modules
COPY packages/protocol packages/protocol
COPY packages/module-sdk packages/module-sdk
COPY packages/edge packages/edge
COPY docker/deployment.yaml /etc/loopwright/deployment.yaml
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "docker/health-check.mjs", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["node", "--conditions=loopwright-source", "packages/edge/src/standalone.ts"]
CMD ["--config", "/etc/loopwright/deployment.yaml", "--host", "0.0.0.0", "--port", "8080"]

FROM runtime AS platform
COPY --from=platform-packages /app/node_modules node_modules
COPY packages/protocol packages/protocol
COPY packages/module-sdk packages/module-sdk
COPY packages/edge packages/edge
COPY packages/engine packages/engine
COPY packages/generation packages/generation
COPY packages/models packages/models
COPY packages/client packages/client
COPY apps/generator apps/generator
COPY apps/server apps/server
COPY apps/cli apps/cli
COPY --from=dashboard /app/apps/dashboard/dist apps/dashboard/dist
ENV LOOPWRIGHT_DATA_DIR=/data LOOPWRIGHT_DURABILITY=full
USER 10001:10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "docker/health-check.mjs", "http://127.0.0.1:8080/health"]
ENTRYPOINT ["node", "--conditions=loopwright-source", "apps/cli/src/main.ts"]
CMD ["server", "--host", "0.0.0.0", "--port", "8080"]
