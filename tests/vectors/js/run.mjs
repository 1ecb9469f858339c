// Prints the answers of decide.mjs to all vectors, as JSON: node run.mjs DIRECTORY_OF_VECTORS

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { decide, remember } from "./decide.mjs"

const answers = (file, answer) => Object.fromEntries(
  JSON.parse(readFileSync(join(process.argv[2], file), "utf8")).cases.map(item => [item.name, answer(item)]))

console.log(JSON.stringify({
  "decisions.json": answers("decisions.json", decide),
  "remembered.json": answers("remembered.json", remember),
}))
