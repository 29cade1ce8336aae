// Opens pages in headless Chromium and says what it saw, as JSON.
//   node visit.mjs MODULES CHROMIUM [FLAG…] < jobs.json > seen.json
// A job: {url, width, height, scheme: "light"|"dark", language, picture: FILE, audit: bool,
//         script: bool (false: switched off), media: "print", keys: [KEY…] pressed at the end,
//         steps: [{fill: {SELECTOR: TEXT}, choose: {SELECTOR: VALUE}, check: SELECTOR, press: SELECTOR, picture: FILE}], wait_ms}
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const [modules, chromium, ...flags] = process.argv.slice(2);
const require = createRequire(path.join(modules, "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const jobs = JSON.parse(readFileSync(0, "utf8"));

async function audit(page) {
    // A world of its own: the page's policy forbids every script, ours included.
    const client = await page.createCDPSession();
    const { frameTree } = await client.send("Page.getFrameTree");
    const { executionContextId: contextId } = await client.send("Page.createIsolatedWorld",
        { frameId: frameTree.frame.id, worldName: "audit" });
    await client.send("Runtime.evaluate", { expression: axe, contextId });
    const { result, exceptionDetails } = await client.send("Runtime.evaluate", {
        contextId, awaitPromise: true, returnByValue: true,
        expression: `axe.run(document, {resultTypes: ["violations", "incomplete"]}).then(r => ({
            violations: r.violations.map(v => ({id: v.id, impact: v.impact, help: v.help,
                nodes: v.nodes.map(n => n.html.slice(0, 200) + " | " + n.failureSummary)})),
            incomplete: r.incomplete.map(v => v.id), passes: r.passes.length}))` });
    await client.detach();
    if (exceptionDetails)
        throw new Error("axe: " + JSON.stringify(exceptionDetails).slice(0, 500));
    return result.value;
}

async function look(page) {
    return page.evaluate(() => ({
        title: document.title,
        language: document.documentElement.lang,
        text: document.body ? document.body.innerText : "",
        wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
        scripts: document.scripts.length,
        charts: document.querySelectorAll(".chart canvas").length,
        focus: document.activeElement ? document.activeElement.innerText || document.activeElement.name || "" : "",
        cookies: document.cookie,
        forms: [...document.forms].map(f => new URL(f.action).pathname),
        links: [...document.links].map(l => l.href),
    }));
}

async function act(page, step) {
    for (const [selector, text] of Object.entries(step.fill ?? {})) {
        await page.waitForSelector(selector, { timeout: 5000 });
        await page.$eval(selector, e => { e.value = ""; });
        await page.type(selector, text);
    }
    for (const [selector, value] of Object.entries(step.choose ?? {}))
        await page.select(selector, value);
    if (step.check)
        await page.click(step.check);
    if (step.press)
        await Promise.all([page.waitForNavigation({ timeout: 20000 }), page.click(step.press)]);
    if (step.picture)
        await page.screenshot({ path: step.picture, fullPage: true });
}

async function visit(browser, job) {
    const context = await browser.createBrowserContext();
    const page = await context.newPage();
    const asked = [];
    let status = 0;
    page.on("request", request => asked.push(request.url()));
    page.on("response", response => {
        if (response.request().isNavigationRequest()) status = response.status();
    });
    const seen = { url: job.url };
    const begin = Date.now();
    try {
        await page.setViewport({ width: job.width ?? 1280, height: job.height ?? 900 });
        await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: job.scheme ?? "light" }]);
        if (job.script === false)
            await page.setJavaScriptEnabled(false);
        if (job.language)
            await page.setExtraHTTPHeaders({ "Accept-Language": job.language });
        await page.goto(job.url, { waitUntil: "load", timeout: job.wait_ms ?? 20000 });
        if (job.media) // behind the page's own features, which would take it back
            await page.emulateMediaType(job.media);
        for (const step of job.steps ?? [])
            await act(page, step);
        for (const key of job.keys ?? [])
            await page.keyboard.press(key);
        Object.assign(seen, await look(page), { status, at: page.url() });
        if (job.picture) // before the audit, behind which the medium is the screen again
            await page.screenshot({ path: job.picture, fullPage: true });
        if (job.audit)
            seen.audit = await audit(page);
    } catch (error) {
        seen.error = String(error.message ?? error);
        if (job.picture)
            await page.screenshot({ path: job.picture }).catch(() => {});
    }
    seen.took_ms = Date.now() - begin;
    seen.asked = asked;
    await context.close();
    return seen;
}

const browser = await puppeteer.launch({
    executablePath: chromium, pipe: true, acceptInsecureCerts: false,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", ...flags],
});
const all = [];
for (const job of jobs)
    all.push(await visit(browser, job));
await browser.close();
process.stdout.write(JSON.stringify(all));
