// What a mistake in the pages' scripts and in these tests looks like; style is not judged here.

import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/node_modules/", "**/vendor/"] },
  js.configs.recommended,
  { languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: { ...globals.browser, ...globals.node } },
    rules: { eqeqeq: ["error", "smart"], "no-var": "error", "prefer-const": "error", "no-shadow": "error" } },
];
