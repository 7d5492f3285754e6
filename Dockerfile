# The indexer: writer and replicas run the same image. Contracts are built for their events' ABIs and left behind.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run codegen

FROM node:24.21.0-bookworm-slim
WORKDIR /app
ENV PATH=/app/node_modules/.bin:$PATH NODE_ENV=production
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/deploy deploy
COPY --from=build /app/indexer indexer
# Ponder writes this file at every start, the rest of its files into .ponder, which is all that has to be writable.
RUN mkdir -p indexer/.ponder && ln -sf .ponder/ponder-env.d.ts indexer/ponder-env.d.ts
USER node
EXPOSE 42069
