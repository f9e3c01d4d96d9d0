// Node-RED as one runs it in production for flows alone: no editor, no admin API, nothing but warnings logged, all in memory.
module.exports = {
  uiHost: "127.0.0.1",
  uiPort: Number(process.env.BENCHMARK_PORT),
  userDir: __dirname,
  flowFile: "flows.json",
  flowFilePretty: false,
  credentialSecret: false,
  disableEditor: true,
  httpAdminRoot: false,
  httpNodeRoot: "/",
  httpStatic: false,
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false, ui: false },
  runtimeState: { enabled: false, ui: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
  logging: { console: { level: "warn", metrics: false, audit: false } },
  functionExternalModules: false,
};
