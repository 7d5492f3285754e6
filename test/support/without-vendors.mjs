import { registerHooks } from "node:module";

// Preloaded into a process that is to run as if no vendor of hardware wallets had a library installed.
// Without the variable it does nothing: the runner of the tests loads every file below test/.
const VENDORS = /^(@trezor|@ledgerhq|@nomicfoundation\/hardhat-ledger|node-hid|usb)(\/|$)/;

if (process.env.WITHOUT_VENDORS !== undefined)
  registerHooks({
    resolve(name, context, next) {
      if (!VENDORS.test(name)) return next(name, context);
      throw Object.assign(new Error(`Cannot find module '${name}'`), { code: "MODULE_NOT_FOUND" });
    },
  });
