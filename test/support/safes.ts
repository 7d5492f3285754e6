export * from "../../scripts/lib/safe/local.js";
