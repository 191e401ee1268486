import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { onMariadb } from "../mariadb-server.ts";
import type { Launch, Place, Recipe } from "./own-server.ts";

/** Where programs are looked for: folders, the first one first. */
export function mariadbFolders(path = process.env.PATH ?? ""): string[] {
  return ["/usr/sbin", "/usr/bin", "/usr/libexec", ...path.split(delimiter)].filter(
    (folder) => folder !== "",
  );
}

/** Every way to a server: the one of the first folder that has it. Not `mysqld`, which may be MySQL. */
export function mariadbRecipes(folders: readonly string[] = mariadbFolders()): Recipe[] {
  const find = (name: string) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  const [server, install] = [find("mariadbd"), find("mariadb-install-db")];
  if (server === undefined || install === undefined) return [];
  const prepare = (place: Place) => prepareDatabase({ server, install }, place);
  return [{ source: server, accounts: ["mysql"], prepare }];
}

async function prepareDatabase(
  { server, install }: { readonly server: string; readonly install: string },
  { folder, port, account, run }: Place,
): Promise<Launch> {
  const data = join(folder, "data");
  // Its root can come in by the socket alone, which is in the folder.
  await run(install, ["--no-defaults", `--datadir=${data}`, "--skip-test-db"]);

  // Others on this machine can reach the port too.
  const password = randomBytes(18).toString("base64url");
  const user = "'taskwright'@'127.0.0.1'";
  const initFile = join(folder, "init.sql");
  const statements = [
    `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO ${user} WITH GRANT OPTION;`,
  ];
  await writeFile(initFile, `${statements.join("\n")}\n`, { mode: 0o600 });
  if (account !== null) await chown(initFile, account.uid, account.gid);

  const url = `mysql://taskwright:${password}@127.0.0.1:${port}`;
  return {
    program: server,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      `--tmpdir=${folder}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      `--socket=${join(folder, "socket")}`,
      `--pid-file=${join(folder, "pid")}`,
      `--init-file=${initFile}`,
      "--max-connections=300",
      "--innodb-flush-method=nosync",
    ],
    url,
    ask: () => onMariadb(url, (connection) => connection.query("SELECT 1")),
    endSignal: "SIGKILL",
  };
}
