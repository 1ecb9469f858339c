// Downloads one TUF target with tuf-js, a client that shares no code with python-tuf.
// usage: node download.mjs ADDRESS ROOT_FILE TARGET_PATH DIRECTORY; prints the downloaded file's path
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Updater } from "tuf-js";

const [address, root, target, directory] = process.argv.slice(2);
const metadataDir = join(directory, "metadata");
const targetDir = join(directory, "targets");
mkdirSync(metadataDir, { recursive: true });
mkdirSync(targetDir, { recursive: true });
copyFileSync(root, join(metadataDir, "root.json"));

const updater = new Updater({
  metadataBaseUrl: `${address}/tuf/metadata`,
  targetBaseUrl: `${address}/tuf/targets`,
  metadataDir,
  targetDir,
});
await updater.refresh();
const info = await updater.getTargetInfo(target);
if (info === undefined) {
  throw new Error(`no target ${target}`);
}
console.log(await updater.downloadTarget(info));
