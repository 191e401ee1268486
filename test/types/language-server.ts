import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { TSC } from "../../bench/types/compiler.ts";

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly items?: readonly unknown[] };
  readonly result?: unknown;
  readonly error?: unknown;
}

/** TypeScript's language server, which answers an editor's questions about a folder. */
export class LanguageServer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >();
  readonly #opened = new Set<string>();
  readonly #folder: string;
  #received: Buffer = Buffer.alloc(0);
  #lastId = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#process = spawn(process.execPath, [TSC, "--lsp", "--stdio"], { cwd: folder });
    this.#process.stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#process.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`The language server ended with ${code}.`));
      }
    });
  }

  /** Starts one for a folder with a tsconfig.json. */
  static async start(folder: string): Promise<LanguageServer> {
    const server = new LanguageServer(folder);
    const uri = pathToFileURL(folder).href;
    await server.#request("initialize", {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: "fixtures" }],
      capabilities: { textDocument: { hover: { contentFormat: ["markdown"] } } },
    });
    server.#send({ method: "initialized", params: {} });
    return server;
  }

  /** What an editor shows above a place in a file: the place of `|` in `marked`, which the file holds without it. */
  async quickInfo(file: string, marked: string): Promise<string> {
    const path = join(this.#folder, file);
    const text = readFileSync(path, "utf8");
    const uri = pathToFileURL(path).href;
    if (!this.#opened.has(uri)) {
      this.#opened.add(uri);
      const textDocument = { uri, languageId: "typescript", version: 1, text };
      this.#send({ method: "textDocument/didOpen", params: { textDocument } });
    }
    const start = text.indexOf(marked.replace("|", ""));
    if (start === -1) throw new Error(`${file} does not hold ${marked}.`);
    const before = text.slice(0, start + marked.indexOf("|")).split("\n");
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
    const hover = await this.#request("textDocument/hover", { textDocument: { uri }, position });
    const { contents } = hover as { contents: { value: string } };
    return contents.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#waiting.clear();
    this.#process.kill();
    await ended;
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: "2.0", ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#send({ id, method, params });
    return answer;
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (true) {
      const headEnd = this.#received.indexOf("\r\n\r\n");
      if (headEnd === -1) return;
      const length = Number(
        /Content-Length: (\d+)/i.exec(this.#received.toString("latin1", 0, headEnd))?.[1],
      );
      const end = headEnd + 4 + length;
      if (this.#received.length < end) return;
      this.#handle(JSON.parse(this.#received.toString("utf8", headEnd + 4, end)));
      this.#received = this.#received.subarray(end);
    }
  }

  #handle({ id, method, params, result, error }: Message): void {
    if (id === undefined) return;
    if (method !== undefined) {
      // It asks for settings, one per item, and takes null for its defaults.
      this.#send({ id, result: params?.items?.map(() => null) ?? null });
      return;
    }
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(JSON.stringify(error)));
  }
}
