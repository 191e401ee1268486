// Plain old syntax on purpose: this file must still parse on a Node that is too old for everything else.
var parts = process.versions.node.split(".");
var major = Number(parts[0]);
var minor = Number(parts[1]);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    "Taskwright's scripts need Node 22.18 or newer, and this is Node " +
      process.versions.node +
      ". Run them through npm (`npm ci && npm test`), which brings a Node 24 of its own. If that is how you got here, it has none for " +
      process.platform +
      "-" +
      process.arch +
      ": install Node 24 and try again.",
  );
  process.exit(1);
}
