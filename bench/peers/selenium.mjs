// selenium-webdriver, as its documentation writes tests: find, wait until visible and enabled, act.

import { Builder, By, until } from "selenium-webdriver";
import chrome from "selenium-webdriver/chrome.js";

import { FLAGS, serve } from "./driver.mjs";

const WAIT_MS = 20_000;
const options = new chrome.Options()
  .setChromeBinaryPath(process.argv[2])
  .addArguments("--headless=new", "--window-size=1280,800", ...FLAGS);
const start = () => new Builder()
  .forBrowser("chrome")
  .setChromeOptions(options)
  .setChromeService(new chrome.ServiceBuilder(process.argv[3]))
  .build();

async function ready(driver, css) {
  const element = await driver.wait(until.elementLocated(By.css(css)), WAIT_MS);
  await driver.wait(until.elementIsVisible(element), WAIT_MS);
  return driver.wait(until.elementIsEnabled(element), WAIT_MS);
}

await serve({
  name: "selenium-webdriver",
  // A browser of its own for every journey: nothing less begins with an empty cache and storage, as
  // the other drivers' contexts do.
  async open() {
    const driver = await start();
    return {
      goto: (url) => driver.get(url),
      async fill(css, text) {
        const field = await ready(driver, css);
        await field.clear();
        await field.sendKeys(text);
      },
      click: async (css) => (await ready(driver, css)).click(),
      async text(css, text) {
        const element = await ready(driver, css);
        await driver.wait(until.elementTextIs(element, text), WAIT_MS);
      },
      close: () => driver.quit(),
    };
  },
  stop: async () => {},
});
