/*
 * What else npm reads in the folder in which it installs. Plain JavaScript without dependencies.
 *
 * @typedef {import("./lockfile.js").Fault} Fault
 */

const STRAY = {
  "npm-shrinkwrap.json": "is read by npm in package-lock.json's place",
  "binding.gyp": "has npm compile and run native code whenever something is installed",
};
/** Whatever else .npmrc can say moves the registry, the shell of scripts or the checks. */
const SETTINGS = ["save-exact=true", "omit-lockfile-registry-resolved=true"];

/**
 * @param {string[]} files Names in the checkout's root.
 * @param {string} npmrc
 * @returns {Fault[]}
 */
export const checkCheckout = (files, npmrc) => [
  ...files.filter((file) => Object.hasOwn(STRAY, file)).map((file) => ({ where: file, what: STRAY[file] })),
  ...npmrc
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !SETTINGS.includes(line))
    .map((line) => ({
      where: ".npmrc",
      what: `says ${line.split("=")[0].trim()}, which this project does not set`,
    })),
];
