import { readFile } from "node:fs/promises";

/** The members of an enum in a source of `contracts/types`, in order. */
export async function solidityEnum(file: string, name: string): Promise<string[]> {
  const source = await readFile(new URL(`../../contracts/types/${file}`, import.meta.url), "utf8");
  const body = new RegExp(`enum ${name} \\{([^}]*)\\}`).exec(source)?.[1];
  if (body === undefined) throw new Error(`${file} has no enum ${name}.`);
  return body.split(",").map((member) => member.trim());
}
