// What a test of a page with a list does in a browser: STEPS is the body of a function, GIVEN what it
// may use, READ_ROW a function from an entry of the list to what is read of it.
// What the steps return is written into the page, where the test reads it.
(async () => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const given = GIVEN;
  const pause = () => new Promise((done) => setTimeout(done, 500));
  const form = document.forms[0];
  const readRow = READ_ROW;
  const read = () => ({
    title: document.title, hash: location.hash, count: one("#count").textContent,
    notice: one("#notice").hidden ? "" : one("#notice").textContent,
    rows: all("#rows > .row").map(readRow), list: one("#rows").textContent,
    form: Object.fromEntries(new FormData(form)),
  });
  const visit = async (hash) => { location.hash = hash; await pause(); return read(); };
  const choose = async (name, value) => {
    form.elements[name].value = value;
    form.elements[name].dispatchEvent(new Event("input", { bubbles: true }));
    await pause();
    return read();
  };
  const press = async (selector) => { one(selector).click(); await pause(); return read(); };
  const ask = async () => { STEPS };
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify(await ask());
  document.body.append(result);
})();
