import type { HardhatPlugin } from "hardhat/types/plugins";

/** Where the compiler is told that the packages of `node_modules` are. */
const DEPENDENCY = /^npm\//;

/** What the compiler tells and Hardhat's type leaves out. */
interface Located {
  sourceLocation?: { file: string };
}

/**
 * Leaves out what the compiler warns of in other people's contracts: nobody here can act on it, and among dozens of
 * such warnings nobody would see one of ours.
 */
export const dependencyWarnings: HardhatPlugin = {
  id: "holdfast-dependency-warnings",
  hookHandlers: {
    solidity: () =>
      Promise.resolve({
        default: () =>
          Promise.resolve({
            async invokeSolc(context, compiler, input, config, next) {
              const output = await next(context, compiler, input, config);
              const errors = output.errors?.filter(
                (error) =>
                  error.severity === "error" ||
                  !DEPENDENCY.test((error as Located).sourceLocation?.file ?? ""),
              );
              return { ...output, errors };
            },
          }),
      }),
  },
};
