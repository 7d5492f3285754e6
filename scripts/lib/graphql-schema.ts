import { codegen } from "@graphql-codegen/core";
import * as typedDocumentNode from "@graphql-codegen/typed-document-node";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { parse, printSchema, type GraphQLSchema } from "graphql";

import * as tables from "../../indexer/ponder.schema.js";
import { buildGraphQLSchema } from "../../indexer/src/api/generated.js";
import { words } from "../../indexer/src/api/questions/words.js";
import { withQuestions } from "../../indexer/src/api/schema.js";

/** What the one GraphQL endpoint can be asked, as a schema without answers. */
export const readModelSchema = (): GraphQLSchema =>
  withQuestions(buildGraphQLSchema({ schema: tables }), words, {});

/** The schema in its own language. */
export const schemaFile = (): string => `${printSchema(readModelSchema())}\n`;

/** TypeScript types of the answers to some questions, and the questions with these types. */
export function typedClient(questions: string): Promise<string> {
  return codegen({
    filename: "queries.ts",
    schema: parse(printSchema(readModelSchema())),
    documents: [{ location: "queries.graphql", document: parse(questions) }],
    plugins: [{ typescriptOperations: {} }, { typedDocumentNode: {} }],
    pluginMap: { typescriptOperations, typedDocumentNode },
    config: {
      scalars: { BigInt: "string", JSON: "unknown" },
      useTypeImports: true,
      documentMode: "documentNode",
      enumType: "string-literal",
      enumsAsTypes: true,
      skipTypename: true,
      avoidOptionals: false,
    },
  });
}
