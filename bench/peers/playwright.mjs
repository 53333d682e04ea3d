// Playwright, with its default checks on: attached, visible, stable, enabled, receives events.

import { chromium } from "playwright-core";

import { FLAGS, serve } from "./driver.mjs";

const browser = await chromium.launch({ executablePath: process.argv[2], args: FLAGS });

await serve({
  name: "playwright",
  async open() {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    return {
      goto: (url) => page.goto(url),
      fill: (css, text) => page.fill(css, text),
      click: (css) => page.click(css),
      text: (css, text) => page.locator(css, { hasText: new RegExp(`^\\s*${escape(text)}\\s*$`) }).waitFor(),
      close: () => context.close(),
    };
  },
  stop: () => browser.close(),
});

function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
