# The server as a container: the sources as they are, run by Node itself. No build step.
#   docker build -t sockudo . && docker run -p 6001:6001 -v sockudo:/data sockudo
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
COPY core/protocol/package.json core/protocol/
COPY core/server/package.json core/server/
COPY core/client/package.json core/client/
COPY core/backend/package.json core/backend/
COPY ai-transport/package.json ai-transport/
COPY ai-transport/server/package.json ai-transport/server/
COPY adapters/sqlite/package.json adapters/sqlite/
COPY adapters/redis/package.json adapters/redis/
COPY adapters/postgres/package.json adapters/postgres/
COPY adapters/local-model/package.json adapters/local-model/
COPY adapters/openai/package.json adapters/openai/
COPY adapters/anthropic/package.json adapters/anthropic/
COPY adapters/ai-sdk/package.json adapters/ai-sdk/
COPY adapters/ag-ui/package.json adapters/ag-ui/
COPY push/package.json push/
COPY examples/kit/package.json examples/kit/
COPY examples/market-feed/package.json examples/market-feed/
COPY examples/collaborative-document/package.json examples/collaborative-document/
COPY examples/background-agent/package.json examples/background-agent/
COPY examples/chat/package.json examples/chat/
# Only what the server and its stores need; no install scripts of other packages are run.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
      --workspace @sockudo/server --workspace @sockudo/ai-transport-server --workspace @sockudo/sqlite \
      --workspace @sockudo/redis --workspace @sockudo/postgres --workspace @sockudo/push \
      --workspace @sockudo/local-model

FROM node:24-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY core/protocol ./core/protocol
COPY core/server ./core/server
COPY ai-transport/package.json ./ai-transport/
COPY ai-transport/wire ./ai-transport/wire
COPY ai-transport/server ./ai-transport/server
COPY adapters/sqlite ./adapters/sqlite
COPY adapters/redis ./adapters/redis
COPY adapters/postgres ./adapters/postgres
COPY adapters/local-model ./adapters/local-model
COPY push ./push
# What the local model answers from.
COPY README.md ./
COPY docs ./docs
RUN install -d -o node -g node /data
USER node
# The working directory is the data directory: .sockudo/ (database, development app) and config/ are looked for here.
WORKDIR /data
VOLUME /data
ENV HOST=0.0.0.0 PORT=6001 METRICS_HOST=0.0.0.0
EXPOSE 6001 9601
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/up`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Closes are spread over shutdown_grace_period (10 s): give `docker stop` more than its default of 10 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/core/server/cli/bin.ts"]
CMD ["serve"]
