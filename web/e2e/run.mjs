/**
 * The page in a real browser against a running system.
 *
 *   AT_URL     where it runs, for example http://127.0.0.1:8000
 *   AT_SHOTS   folder for screenshots (default: e2e/shots)
 *   AT_CHROME  the browser (default: /usr/bin/chromium)
 *
 * Each check waits for a condition, none measures speed. The last line counts them; ends with 1 if any failed.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const url = process.env.AT_URL;
if (url === undefined) {
  console.error('set AT_URL to the address of a running system, for example AT_URL=http://127.0.0.1:8000');
  process.exit(2);
}
const shots = process.env.AT_SHOTS ?? join(import.meta.dirname, 'shots');
mkdirSync(shots, { recursive: true });
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PATIENCE = 30_000;

const browser = await chromium.launch({
  executablePath: process.env.AT_CHROME ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

let passed = 0;
let failed = 0;
async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.message ?? error).split('\n').slice(0, 12).join('\n        ')}`);
  }
}

function assert(condition, message) {
  if (!condition) throw new Error(message);
}

/** A page that writes down everything the browser complains about. */
async function open({ width, height, theme, route, path = '' }) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (e) => window.violations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  if (route !== undefined) await page.routeWebSocket(/\/api\/v1\/stream$/, route);
  await page.goto(new URL(path, url).href);
  return { page, complaints, close: () => context.close() };
}

/** The market is on the page. */
async function moving(page) {
  await page.waitForFunction(() => /Page connected/.test(document.querySelector('footer')?.textContent ?? ''));
  await page.waitForFunction(() => /\d\.\d\d/.test(document.querySelector('section[aria-label="Chart"] h2')?.textContent ?? ''));
  await page.waitForSelector('section[aria-label="Chart"] canvas');
}

/** The Symbol page has what it shows: a map of the book, measures, and lines that the server keeps. */
async function symbolShown(page) {
  await page.waitForSelector('section[aria-label="Liquidity"] canvas');
  await page.waitForSelector('section[aria-label="VPIN"]');
  await page.waitForSelector('section[aria-label="Measures"] tbody th[scope="row"]');
  await page.waitForFunction(() => /\d\.\d\d/.test(document.querySelector('dl[aria-label="Key figures"] .last dd')?.textContent ?? ''));
}

/** The Options page has its chain: key figures, bars by strike, the map, and the other charts drawn. */
async function optionsShown(page) {
  for (const card of ['Strike × expiry', 'Profile: gamma if spot were …', 'Smile', 'Term structure', 'Expected move']) {
    await page.waitForSelector(`section[aria-label="${card}"] canvas`);
  }
  await page.waitForSelector('section[aria-label$="exposure by strike"] canvas');
  await page.waitForSelector('section[aria-label="Unusual activity"]');
  await page.waitForSelector('section[aria-label="News sentiment"]');
  await page.waitForFunction(() => /\d\.\d\d/.test(document.querySelector('dl[aria-label="Key figures"] dd')?.textContent ?? ''));
}

/** Whether anything is drawn: a canvas of one colour shows nothing. */
const drawn = (page, card) =>
  page.waitForFunction((label) => {
    const canvas = document.querySelector(`section[aria-label="${label}"] canvas`);
    const data = canvas?.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
    return data !== undefined && new Set(new Uint32Array(data.buffer)).size > 8;
  }, card);

/** The Parameters page has told how the found ones stand. */
async function parametersShown(page) {
  await page.waitForSelector('section[aria-label="Found parameters"] .state');
  await page.waitForSelector('section[aria-label^="Parameters of"] tbody th[scope="row"]');
}

const pathOf = (page) => page.evaluate(() => location.pathname);

const haltButton = (page) => page.locator('header .place > button');

for (const theme of ['dark', 'light']) {
  const { page, complaints, close } = await open({ width: 1440, height: 900, theme });
  await check(`${theme}: the page shows the market`, () => moving(page));
  await check(`${theme}: nothing needs scrolling at 1440 x 900`, async () => {
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    assert(size[0] <= 1440 && size[1] <= 900, `the page is ${size.join(' x ')}`);
  });
  await check(`${theme}: numbers move`, async () => {
    for (const card of ['Order book', 'Tape']) {
      const read = () => page.locator(`section[aria-label="${card}"]`).innerText();
      const before = await read();
      await page.waitForFunction(
        ([label, text]) => document.querySelector(`section[aria-label="${label}"]`)?.innerText !== text,
        [card, before],
      );
    }
  });
  await check(`${theme}: the page has this theme`, async () => {
    const shown = await page.evaluate(() => document.documentElement.dataset.theme);
    assert(shown === theme, `it is ${shown}`);
  });
  await check(`${theme}: the mode is in words`, async () => {
    const mode = await page.locator('header .mode').innerText();
    assert(['PAPER', 'REPLAY', 'LIVE'].includes(mode), mode);
  });
  await page.screenshot({ path: join(shots, `now-${theme}.png`) });
  await check(`${theme}: axe finds nothing`, () => accessible(page));
  await check(`${theme}: axe finds nothing with charts as tables`, async () => {
    await page.keyboard.press('t');
    await page.waitForSelector('section[aria-label="Chart"] table');
    await accessible(page);
    await page.screenshot({ path: join(shots, `tables-${theme}.png`) });
    await page.keyboard.press('t');
    await page.waitForSelector('section[aria-label="Chart"] canvas');
  });
  await check(`${theme}: axe finds nothing in the dialogs`, async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await accessible(page);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'About' }).click();
    await page.getByRole('dialog', { name: /AlphaTrader/ }).waitFor();
    await accessible(page);
    await page.screenshot({ path: join(shots, `about-${theme}.png`) });
    await page.keyboard.press('Escape');
  });
  await check(`${theme}: a digit leads to the Symbol page, its address names the symbol`, async () => {
    await page.keyboard.press('2');
    await symbolShown(page);
    const path = await pathOf(page);
    assert(/^\/symbol\/[A-Z.]+$/.test(path), path);
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    assert(size[0] <= 1440 && size[1] <= 900, `the page is ${size.join(' x ')}`);
  });
  await page.screenshot({ path: join(shots, `symbol-${theme}.png`) });
  await check(`${theme}: the map of the book goes on`, async () => {
    await page.keyboard.press('t');
    const newest = () => page.locator('section[aria-label="Liquidity"] tbody tr').first().innerText();
    const before = await newest();
    await until(async () => (await newest()) !== before);
  });
  await check(`${theme}: axe finds nothing on the Symbol page, as tables and as charts`, async () => {
    await accessible(page);
    await page.screenshot({ path: join(shots, `symbol-tables-${theme}.png`) });
    await page.keyboard.press('t');
    await symbolShown(page);
    await accessible(page);
  });
  await check(`${theme}: the Options page shows the chain of the same symbol, and draws it`, async () => {
    const symbol = (await pathOf(page)).split('/').at(-1);
    await page.keyboard.press('3');
    await optionsShown(page);
    assert((await pathOf(page)) === `/options/${symbol}`, await pathOf(page));
    for (const card of ['Gamma exposure by strike', 'Strike × expiry', 'Smile', 'Term structure', 'Expected move']) await drawn(page, card);
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    assert(size[0] <= 1440 && size[1] <= 900, `the page is ${size.join(' x ')}`);
    const head = await page.locator('.head').innerText();
    assert(/dealer sign/.test(head) && /rows/.test(head) && / old/.test(head), head);
    await page.screenshot({ path: join(shots, `options-${theme}.png`) });
  });
  await check(`${theme}: ranges, Greeks and weights are chosen with the keyboard`, async () => {
    await page.getByRole('radio', { name: 'all' }).focus();
    await page.keyboard.press('Space');
    assert(await page.getByRole('radio', { name: 'all' }).isChecked(), 'all is not chosen');
    await page.getByRole('radio', { name: 'gamma' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForSelector('section[aria-label="Delta exposure by strike"] canvas');
    assert(await page.getByRole('radio', { name: 'volume' }).isDisabled(), 'delta by volume is offered');
    await page.keyboard.press('ArrowLeft');
    await page.waitForSelector('section[aria-label="Gamma exposure by strike"] canvas');
    await page.getByRole('radio', { name: 'open interest' }).focus();
    await page.keyboard.press('ArrowRight');
    assert(await page.getByRole('radio', { name: 'volume' }).isChecked(), 'volume is not chosen');
    await page.screenshot({ path: join(shots, `options-all-volume-${theme}.png`) });
    await page.keyboard.press('ArrowLeft');
  });
  await check(`${theme}: axe finds nothing on the Options page, as charts and as tables`, async () => {
    await accessible(page);
    await page.keyboard.press('t');
    await page.waitForSelector('section[aria-label="Gamma exposure by strike"] tbody td');
    await page.waitForSelector('section[aria-label="Expected move"] tbody td');
    await accessible(page);
    await page.screenshot({ path: join(shots, `options-tables-${theme}.png`) });
    await page.keyboard.press('t');
    await optionsShown(page);
  });
  await check(`${theme}: headlines are text, and lead only to the web in a tab of its own`, async () => {
    const links = await page.locator('section[aria-label="News sentiment"] a').evaluateAll((all) => all.map((a) => [a.protocol, a.rel, a.target]));
    for (const [protocol, rel, target] of links) {
      assert(/^https?:$/.test(protocol) && /noopener/.test(rel) && target === '_blank', `${protocol} ${rel} ${target}`);
    }
    assert((await page.locator('section[aria-label="News sentiment"] li :is(b, i, img, script, iframe)').count()) === 0, 'markup in a headline');
  });
  await check(`${theme}: axe finds nothing on the Parameters page`, async () => {
    await page.keyboard.press('4');
    await parametersShown(page);
    await page.screenshot({ path: join(shots, `parameters-${theme}.png`) });
    await accessible(page);
  });
  await check(`${theme}: the back button leads the same way back`, async () => {
    await page.goBack();
    await optionsShown(page);
    await page.goBack();
    await symbolShown(page);
    await page.goBack();
    await moving(page);
    assert((await pathOf(page)) === '/', await pathOf(page));
  });
  await check(`${theme}: the browser has no complaint and the policy was kept`, async () => {
    const violations = await page.evaluate(() => window.violations);
    assert(complaints.length === 0 && violations.length === 0, [...complaints, ...violations].join('\n'));
  });
  await close();
}

{
  const { page, complaints, close } = await open({ width: 360, height: 800, theme: 'dark' });
  await check('360 px: the page shows the market', () => moving(page));
  await check('360 px: one column, nothing beside it', async () => {
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 360, `the page is ${width} px wide`);
  });
  await check('360 px: the halt button is on the first screen and large enough', async () => {
    const box = await haltButton(page).boundingBox();
    assert(box !== null && box.height >= 40 && box.y + box.height < 800, JSON.stringify(box));
  });
  await page.screenshot({ path: join(shots, 'now-360.png'), fullPage: true });
  await check('360 px: axe finds nothing', () => accessible(page));
  await check('360 px: the Symbol page is one column', async () => {
    await page.getByRole('link', { name: 'Symbol' }).click();
    await symbolShown(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 360, `the page is ${width} px wide`);
    await page.screenshot({ path: join(shots, 'symbol-360.png'), fullPage: true });
    await accessible(page);
  });
  await check('360 px: the Options page is one column', async () => {
    await page.getByRole('link', { name: 'Options' }).click();
    await optionsShown(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 360, `the page is ${width} px wide`);
    await page.screenshot({ path: join(shots, 'options-360.png'), fullPage: true });
    await accessible(page);
  });
  await check('360 px: the Parameters page is one column', async () => {
    await page.getByRole('link', { name: 'Parameters' }).click();
    await parametersShown(page);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert(width <= 360, `the page is ${width} px wide`);
    await page.screenshot({ path: join(shots, 'parameters-360.png'), fullPage: true });
    await accessible(page);
  });
  await check('360 px: the browser has no complaint', () => assert(complaints.length === 0, complaints.join('\n')));
  await close();
}

{
  const { page, complaints, close } = await open({ width: 1440, height: 900, theme: 'dark', path: '/symbol/spy' });
  await check('links: an address opens its page', async () => {
    await symbolShown(page);
    assert((await page.title()).startsWith('Symbol SPY'), await page.title());
  });
  await check('links: the slash picks a symbol, with letters and Enter', async () => {
    const symbol = await page.evaluate(() => fetch('/api/v1/status').then((r) => r.json()).then((s) => s.symbols.at(-1)));
    await page.keyboard.press('/');
    const field = page.getByRole('combobox', { name: 'Symbol' });
    await field.waitFor();
    await accessible(page);
    await page.screenshot({ path: join(shots, 'picker.png') });
    await field.fill(symbol.toLowerCase());
    await field.press('Enter');
    await page.waitForFunction((path) => location.pathname === path, `/symbol/${symbol}`);
    await symbolShown(page);
  });
  await check('links: a symbol that nobody follows is said', async () => {
    await page.goto(new URL('/symbol/NOBODY', url).href);
    await page.getByText('is not followed').waitFor();
    await accessible(page);
    await page.keyboard.press('1');
    await moving(page);
  });
  await check('links: options of a symbol that nobody follows are said', async () => {
    await page.goto(new URL('/options/NOBODY', url).href);
    await page.getByText('is not followed').waitFor();
    await accessible(page);
    await page.keyboard.press('1');
    await moving(page);
  });
  await check('links: an address that leads nowhere is said', async () => {
    await page.goto(new URL('/no/such/page', url).href);
    await page.getByRole('heading', { name: /There is no page/ }).waitFor();
    await accessible(page);
    await page.getByRole('main').getByRole('link', { name: 'Now' }).click();
    await moving(page);
  });
  await check('links: the browser has no complaint', () => assert(complaints.length === 0, complaints.join('\n')));
  await close();
}

{
  const { page, complaints, close } = await open({ width: 1440, height: 900, theme: 'dark' });
  await moving(page);
  const button = haltButton(page);
  await check('halt: asks once, and Escape takes it back', async () => {
    await page.keyboard.press('h');
    await page.getByRole('button', { name: 'Halt now?' }).waitFor();
    await page.screenshot({ path: join(shots, 'halt-confirm.png') });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Halt/ }).waitFor();
    assert(!/now/.test(await button.innerText()), 'it still asks');
  });
  await check('halt: the second press halts', async () => {
    await button.click();
    await page.getByRole('button', { name: 'Halt now?' }).waitFor();
    await button.click();
    await page.getByText('HALTED', { exact: false }).first().waitFor();
    await page.getByRole('button', { name: /^Resume/ }).waitFor();
    const risk = await page.evaluate(() => fetch('/api/v1/risk').then((r) => r.json()));
    assert(risk.level === 'halt', JSON.stringify(risk));
    await page.screenshot({ path: join(shots, 'halted.png') });
  });
  await check('halt: a page that is opened later shows it', async () => {
    const other = await open({ width: 1440, height: 900, theme: 'dark' });
    await other.page.getByText('HALTED', { exact: false }).first().waitFor();
    await other.close();
  });
  await check('halt: axe finds nothing while halted', () => accessible(page));
  await check('resume: needs a reason and then resumes', async () => {
    await page.keyboard.press('h');
    const dialog = page.getByRole('dialog', { name: 'Trade again?' });
    await dialog.waitFor();
    const go = dialog.getByRole('button', { name: 'Resume' });
    assert(await go.isDisabled(), 'it resumes without a reason');
    await dialog.getByRole('textbox').fill('browser test');
    await accessible(page);
    await page.screenshot({ path: join(shots, 'resume.png') });
    await go.click();
    await page.getByRole('button', { name: /^Halt/ }).waitFor();
    await page.waitForFunction(() => !document.querySelector('header .halted'));
    const risk = await page.evaluate(() => fetch('/api/v1/risk').then((r) => r.json()));
    assert(risk.level === 'none', JSON.stringify(risk));
  });
  await check('halt: the browser has no complaint', () => assert(complaints.length === 0, complaints.join('\n')));
  await close();
}

{
  let dropping = false;
  let refusing = false;
  let dropped;
  const heard = [];
  const sockets = [];
  const route = (socket) => {
    if (refusing) return void socket.close({ code: 1011 });
    sockets.push(socket);
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      heard.push(JSON.parse(message));
      server.send(message);
    });
    server.onMessage((message) => {
      const frame = JSON.parse(message);
      if (dropping && frame.t === 'delta' && frame.ch === 'quotes') {
        dropping = false;
        dropped = frame;
        return;
      }
      socket.send(message);
    });
  };
  const { page, close } = await open({ width: 1440, height: 900, theme: 'dark', route });
  await check('stream: a lost delta is noticed and the channel asked for again', async () => {
    await moving(page);
    heard.length = 0;
    dropping = true;
    await until(() => dropped !== undefined && heard.some((m) => m.t === 'sub' && m.ch.includes('quotes')));
    const text = () => page.locator('#symbols').innerText();
    const before = await text();
    await until(async () => (await text()) !== before);
  });
  await check('stream: the book over time is sent to those who look at it', async () => {
    const told = (kind, t) => heard.some((m) => m.t === t && m.ch?.some((ch) => ch.startsWith(`${kind}:`)));
    assert(!told('depth', 'sub'), 'Now asks for the map of the book');
    await page.keyboard.press('2');
    await until(() => told('depth', 'sub') && told('measures', 'sub'));
    await symbolShown(page);
    await page.keyboard.press('1');
    await until(() => told('depth', 'unsub') && told('measures', 'unsub'));
    await moving(page);
    assert(!told('options', 'sub'), 'Now asks for the whole chain');
    await page.keyboard.press('3');
    await until(() => told('options', 'sub') && told('sentiment', 'sub'));
    const asked = heard.filter((m) => m.t === 'sub' && m.ch.some((ch) => ch.startsWith('options:')));
    assert(asked.every((m) => m.hz === 1), JSON.stringify(asked));
    await page.keyboard.press('1');
    await until(() => told('options', 'unsub'));
    await moving(page);
  });
  await check('stream: a lost connection is said, and what is shown looks old', async () => {
    refusing = true;
    for (const socket of sockets.splice(0)) await socket.close({ code: 1011 });
    await page.getByText(/Disconnected \d+ s/).waitFor();
    await page.waitForSelector('main.broken');
    await page.screenshot({ path: join(shots, 'disconnected.png') });
  });
  await check('stream: it comes back by itself, with no row twice', async () => {
    refusing = false;
    await page.waitForFunction(() => !document.querySelector('main.broken') && !document.querySelector('.banner.shown'));
    await moving(page);
    const ids = await page.locator('section[aria-label="Signals today"] li').allInnerTexts();
    const signals = await page.evaluate(() => fetch('/api/v1/signals').then((r) => r.json()));
    assert(ids.length <= signals.items.length, `${ids.length} rows of ${signals.items.length} signals`);
  });
  await close();
}

/** Waits until the condition holds. */
async function until(condition) {
  const end = Date.now() + PATIENCE;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`still not so after ${PATIENCE / 1000} s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Axe is a script of the test, not of the page: it is run with the page's policy set aside. */
async function accessible(page) {
  const context = page.context();
  const session = await context.newCDPSession(page);
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `${axeSource}; void 0`,
  });
  assert(exceptionDetails === undefined, `axe could not be loaded: ${exceptionDetails?.text} ${result?.description ?? ''}`);
  const found = await page.evaluate(async () => {
    const report = await window.axe.run(document, { resultTypes: ['violations'] });
    return report.violations.map((violation) => {
      const nodes = violation.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? node.all[0]?.message ?? ''})`);
      return `${violation.id}: ${nodes.join(' | ')}`;
    });
  });
  await session.detach();
  assert(found.length === 0, `axe found:\n${found.join('\n')}`);
}

await browser.close();
console.log(`screenshots in ${shots}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
