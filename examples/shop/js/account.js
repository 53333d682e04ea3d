// The account page: file upload, a list sorted by pointer, a plan filled by
// drag and drop, and the orders so far.

import { findProduct } from "./products.js";
import { byId, h, notify } from "./site.js";
import { account, money, orders, plan, wishes } from "./store.js";

const user = account.current();
if (user) show();
else location.replace("login.html?next=account.html");

function show() {
  byId("account").hidden = false;
  byId("welcome").textContent = `Welcome, ${user.name}`;
  byId("log-out").addEventListener("click", () => {
    account.logOut();
    location.href = "login.html";
  });
  byId("file").addEventListener("change", ({ target }) => showFile(target.files[0]));
  showWishes();
  sortByPointer(byId("wishes"));
  showPlan();
  for (const list of document.querySelectorAll("[data-column]")) acceptDrops(list);
  showOrders();
}

// --- Upload -----------------------------------------------------------------

function sizeWords(bytes) {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

async function showFile(file) {
  byId("file-details").hidden = !file;
  if (!file) return;
  const first = new Uint8Array(await file.slice(0, 8).arrayBuffer());
  byId("file-name").textContent = file.name;
  byId("file-size").textContent = sizeWords(file.size);
  byId("file-bytes").textContent = [...first].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const preview = byId("file-preview");
  preview.hidden = !file.type.startsWith("image/");
  if (!preview.hidden) preview.src = URL.createObjectURL(file);
}

// --- Wish list: pointer events, so touch and pen work as the mouse does -------

function showWishes() {
  const ids = wishes.list();
  byId("wishes").replaceChildren(
    ...ids.map((id, index) => {
      const { name, price } = findProduct(id);
      const shift = (by, label, sign) =>
        h("button", {
          type: "button",
          class: "step",
          "aria-label": `${label}: ${name}`,
          disabled: index + by < 0 || index + by >= ids.length,
          onclick: () => moveWish(index, index + by),
        }, sign);
      return h("li", { "data-id": id, "data-testid": "wish" },
        h("span", { class: "handle", "aria-hidden": "true", title: "Drag to sort" }, "⠿"),
        h("span", { class: "grow" }, name),
        h("span", { class: "muted" }, money(price)),
        shift(-1, "Up", "↑"),
        shift(1, "Down", "↓"));
    }),
  );
}

function moveWish(from, to) {
  const ids = wishes.list();
  ids.splice(to, 0, ...ids.splice(from, 1));
  wishes.save(ids);
  showWishes();
  notify(`${findProduct(ids[to]).name} is now number ${to + 1}.`);
}

/** Lets the items of a list be dragged up and down by their handles. */
function sortByPointer(list) {
  let dragged = null;
  list.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest(".handle");
    if (!handle) return;
    event.preventDefault();
    dragged = handle.closest("li");
    dragged.classList.add("dragged");
    list.setPointerCapture(event.pointerId);
  });
  list.addEventListener("pointermove", ({ clientY }) => {
    if (!dragged) return;
    const over = [...list.children].find((item) => {
      const box = item.getBoundingClientRect();
      return item !== dragged && box.top <= clientY && clientY < box.bottom;
    });
    if (!over) return;
    const isBelow = dragged.compareDocumentPosition(over) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (isBelow) over.after(dragged);
    else over.before(dragged);
  });
  const drop = () => {
    if (!dragged) return;
    const { id } = dragged.dataset;
    dragged = null;
    wishes.save([...list.children].map((item) => item.dataset.id));
    showWishes();
    notify(`${findProduct(id).name} is now number ${wishes.list().indexOf(id) + 1}.`);
  };
  list.addEventListener("pointerup", drop);
  list.addEventListener("pointercancel", drop);
}

// --- Practice plan: HTML drag and drop between two lists ----------------------

function showPlan() {
  const columns = plan.columns();
  for (const [column, pieces] of Object.entries(columns)) {
    const other = column === "pieces" ? "week" : "pieces";
    const words = column === "pieces" ? "Move to this week" : "Move back";
    document.querySelector(`[data-column=${column}]`).replaceChildren(
      ...pieces.map((piece) =>
        h("li", {
          draggable: "true",
          "data-testid": `${column}-piece`,
          ondragstart: (event) => {
            event.dataTransfer.setData("text/plain", piece);
            event.dataTransfer.effectAllowed = "move";
          },
        },
        h("span", { class: "grow" }, piece),
        h("button", {
          type: "button",
          class: "step",
          "aria-label": `${words}: ${piece}`,
          onclick: () => movePiece(piece, other),
        }, column === "pieces" ? "→" : "←")),
      ),
    );
  }
  byId("week-count").textContent = `${columns.week.length} of 4 planned`;
}

function movePiece(piece, to) {
  const columns = plan.columns();
  const known = Object.values(columns).flat().includes(piece);
  if (!known || columns[to].includes(piece)) return;
  for (const column of Object.keys(columns)) {
    columns[column] = columns[column].filter((other) => other !== piece);
  }
  columns[to].push(piece);
  plan.save(columns);
  showPlan();
}

function acceptDrops(list) {
  list.addEventListener("dragover", (event) => {
    event.preventDefault();
    list.classList.add("over");
  });
  list.addEventListener("dragleave", () => list.classList.remove("over"));
  list.addEventListener("drop", (event) => {
    event.preventDefault();
    list.classList.remove("over");
    movePiece(event.dataTransfer.getData("text/plain"), list.dataset.column);
  });
}

// --- Orders -------------------------------------------------------------------

function showOrders() {
  const all = orders.list();
  byId("no-orders").hidden = all.length > 0;
  byId("orders").append(
    ...all.map(({ id, totals }) =>
      h("li", {}, h("a", { class: "grow", href: `order.html?id=${id}` }, `Order ${id}`), h("span", {}, money(totals.total))),
    ),
  );
}
