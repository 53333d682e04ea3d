// What the shop remembers, all of it in this browser's localStorage.

import { findProduct } from "./products.js";

const PREFIX = "da-capo.";

function read(key, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key)) ?? fallback;
  } catch {
    return fallback;
  }
}

function write(key, value) {
  localStorage.setItem(PREFIX + key, JSON.stringify(value));
  dispatchEvent(new Event("shop:change"));
}

const euros = new Intl.NumberFormat("en-IE", { style: "currency", currency: "EUR" });

/** Formats cents as euros: 1850 is "€18.50". */
export const money = (cents) => euros.format(cents / 100);

export const COUPONS = { ENCORE10: 10, BRAVO25: 25 };

export const DELIVERY = {
  standard: { label: "Standard, 3 to 5 days", price: 490, freeFrom: 6000 },
  express: { label: "Express, tomorrow", price: 1200, freeFrom: Infinity },
  pickup: { label: "Pick up in the shop", price: 0, freeFrom: 0 },
};

export const GIFT_WRAP_PRICE = 350;
export const MOST_OF_ONE = 9;

export const cart = {
  lines: () => read("cart", []).filter((line) => findProduct(line.id)),

  count: () => cart.lines().reduce((sum, line) => sum + line.quantity, 0),

  add(id, quantity = 1, finish = "") {
    const lines = cart.lines();
    const same = lines.find((line) => line.id === id && line.finish === finish);
    if (same) same.quantity = Math.min(same.quantity + quantity, MOST_OF_ONE);
    else lines.push({ id, finish, quantity });
    write("cart", lines);
  },

  setQuantity(index, quantity) {
    const lines = cart.lines();
    lines[index].quantity = Math.min(Math.max(Math.trunc(quantity) || 1, 1), MOST_OF_ONE);
    write("cart", lines);
  },

  remove(index) {
    write("cart", cart.lines().filter((_, other) => other !== index));
  },

  clear() {
    for (const key of ["coupon", "note"]) localStorage.removeItem(PREFIX + key);
    write("cart", []);
  },

  coupon: () => read("coupon", ""),
  setCoupon: (code) => write("coupon", code),
  note: () => read("note", ""),
  setNote: (text) => write("note", text),

  /** Subtotal, discount, delivery, wrapping and total, in cents. */
  totals(delivery = "standard", giftWrap = false) {
    const subtotal = cart
      .lines()
      .reduce((sum, line) => sum + findProduct(line.id).price * line.quantity, 0);
    const discount = Math.round((subtotal * (COUPONS[cart.coupon()] ?? 0)) / 100);
    const way = DELIVERY[delivery];
    const shipping = subtotal - discount >= way.freeFrom ? 0 : way.price;
    const wrapping = giftWrap ? GIFT_WRAP_PRICE : 0;
    return { subtotal, discount, shipping, wrapping, total: subtotal - discount + shipping + wrapping };
  },
};

// A toy: real shops keep passwords on a server, hashed.
const USERS = {
  alice: { password: "wonderland", name: "Alice Liddell", email: "alice@example.com" },
  bob: { password: "correct horse", name: "Bob Baumann", email: "bob@example.com" },
  carol: { password: "christmas", locked: true },
};

export const account = {
  current: () => read("user", null),

  /** Logs in, or returns the message that says why not. */
  logIn(username, password) {
    const user = Object.hasOwn(USERS, username) ? USERS[username] : undefined;
    if (!user || user.password !== password) return "Wrong username or password.";
    if (user.locked) return "This account is locked. Please write to us.";
    write("user", { username, name: user.name, email: user.email });
    return "";
  },

  logOut: () => write("user", null),
};

export const wishes = {
  list: () =>
    read("wishes", ["wooden-metronome", "etudes-book-one", "music-box", "tuning-fork"]),
  save: (ids) => write("wishes", ids),
  has: (id) => wishes.list().includes(id),
  toggle(id) {
    wishes.save(
      wishes.has(id) ? wishes.list().filter((other) => other !== id) : [...wishes.list(), id],
    );
  },
};

export const plan = {
  columns: () =>
    read("plan", {
      pieces: ["Scales in thirds", "Étude no. 3", "Nocturne in E flat", "Sight-reading"],
      week: [],
    }),
  save: (columns) => write("plan", columns),
};

export const ratings = {
  of: (id) => read("ratings", {})[id] ?? 0,
  save: (id, stars) => write("ratings", { ...read("ratings", {}), [id]: stars }),
};

export const orders = {
  list: () => read("orders", []),
  find: (id) => orders.list().find((order) => order.id === id),

  /** Stores an order under the next number and empties the cart. */
  place(details) {
    const id = `DC-${1001 + orders.list().length}`;
    write("orders", [...orders.list(), { id, ...details }]);
    cart.clear();
    return id;
  },
};

/** Forgets everything, as on the first visit. */
export function reset() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  }
}
