// What both peers share: they read one request a line from standard input and answer with one line
// of JSON, so that the benchmark can alternate between the drivers.
//
//   {"journey": [...], "base": "http://…"}  →  {"steps": [ms, …]}   one browser context, from scratch
//   {"clicks": 100, "url": "http://…"}      →  {"steps": [ms, …]}   the button counts them

import { createInterface } from "node:readline";

export const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Serves requests with `driver`: `open()` gives a page, `page.close()` ends it. */
export async function serve(driver) {
  console.log(JSON.stringify({ ready: driver.name }));
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    const steps = request.journey
      ? await journey(driver, request)
      : await clicks(driver, request);
    console.log(JSON.stringify({ steps }));
  }
  await driver.stop();
}

async function journey(driver, { journey, base }) {
  const page = await driver.open();
  const times = [];
  for (const step of journey) times.push(await timed(() => act(page, step, base)));
  await page.close();
  return times;
}

async function clicks(driver, { clicks, url }) {
  const page = await driver.open();
  await page.goto(url);
  const times = [];
  for (let n = 1; n <= clicks; n += 1) times.push(await timed(() => page.click("#count")));
  await page.text("#count", String(clicks));
  await page.close();
  return times;
}

function act(page, step, base) {
  switch (step.do) {
    case "goto": return page.goto(base + step.url);
    case "fill": return page.fill(step.css, step.text);
    case "click": return page.click(step.css);
    case "text": return page.text(step.css, step.text);
    default: throw new Error(`no such step: ${step.do}`);
  }
}

async function timed(action) {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1e6;
}
