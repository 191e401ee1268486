#!/usr/bin/env node
// Plain old syntax, and the rest imported only after the check: this must still parse on a Node that is too old.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(`taskwright needs Node 22.13 or newer, and this is Node ${process.versions.node}.`);
  process.exit(1);
}
await import("../dist/cli/main.js");
