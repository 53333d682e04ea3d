// The catalogue. Prices are in cents, so that totals never round.

export const categories = ["Instruments", "Sheet music", "Accessories", "Gifts"];

export const products = [
  {
    id: "practice-violin",
    name: "Practice Violin",
    category: "Instruments",
    price: 18900,
    stock: 4,
    finishes: ["Amber", "Walnut", "Black"],
    summary: "A quiet four-string for late hours.",
    description:
      "Solid spruce top, maple back, and a practice mute that keeps the neighbours asleep. Strung, tuned and ready to play.",
    reviews: [
      { author: "Clara", stars: 5, text: "My evenings have come back to me." },
      { author: "Niccolò", stars: 4, text: "Bright, fast, and kind to beginners." },
    ],
  },
  {
    id: "alto-recorder",
    name: "Alto Recorder",
    category: "Instruments",
    price: 6400,
    stock: 11,
    finishes: ["Pear wood", "Maple"],
    summary: "Warm in the low notes, clear above.",
    description:
      "Turned from one piece of pear wood and oiled by hand. Comes with a cleaning rod and a cotton bag.",
    reviews: [
      { author: "Georg", stars: 5, text: "Speaks at the first breath." },
      { author: "Ina", stars: 4, text: "A friend for the whole family." },
    ],
  },
  {
    id: "travel-keyboard",
    name: "Travel Keyboard",
    category: "Instruments",
    price: 14900,
    stock: 7,
    finishes: ["Ivory", "Graphite"],
    summary: "Forty-nine keys that fit in a rucksack.",
    description:
      "Weighted keys, headphones out, twelve hours on one charge. Folds in the middle and locks flat.",
    reviews: [
      { author: "Fanny", stars: 5, text: "I wrote a whole song on the train." },
      { author: "Scott", stars: 3, text: "Good touch. I miss the other thirty-nine keys." },
    ],
  },
  {
    id: "etudes-book-one",
    name: "Études, Book One",
    category: "Sheet music",
    price: 1850,
    stock: 32,
    finishes: [],
    summary: "Twenty-four short pieces, one for each key.",
    description:
      "From C major to the far side of the circle. Fingerings by people who teach, on paper that stays open.",
    reviews: [
      { author: "Frédéric", stars: 5, text: "Number three alone is worth it." },
      { author: "Maria", stars: 5, text: "My pupils ask for the next one." },
    ],
  },
  {
    id: "nocturnes",
    name: "Nocturnes for Piano",
    category: "Sheet music",
    price: 2200,
    stock: 18,
    finishes: [],
    summary: "Nine slow pieces for dim light.",
    description:
      "An edition with wide margins and large notes, made to be read by one lamp.",
    reviews: [
      { author: "John", stars: 4, text: "Lovely print, lovely silence." },
      { author: "Lili", stars: 5, text: "I play one every night." },
    ],
  },
  {
    id: "manuscript-paper",
    name: "Manuscript Paper",
    category: "Sheet music",
    price: 650,
    stock: 120,
    finishes: ["8 staves", "12 staves"],
    summary: "Fifty sheets for what comes to mind.",
    description:
      "Cream paper, 120 g, ruled in warm grey. Takes ink without bleeding and pencil without a shine.",
    reviews: [
      { author: "Ludwig", stars: 5, text: "Survives a great deal of crossing out." },
      { author: "Amy", stars: 5, text: "The grey ruling is exactly right." },
    ],
  },
  {
    id: "wooden-metronome",
    name: "Wooden Metronome",
    category: "Accessories",
    price: 4800,
    stock: 9,
    finishes: ["Cherry", "Walnut"],
    summary: "Keeps time. Asks for nothing.",
    description:
      "A wind-up movement, 40 to 208 beats a minute, in a case of solid cherry. No battery, no screen.",
    reviews: [
      { author: "Johann", stars: 5, text: "Steadier than I am." },
      { author: "Béla", stars: 4, text: "Loud enough for two violins." },
    ],
  },
  {
    id: "tuning-fork",
    name: "Tuning Fork A440",
    category: "Accessories",
    price: 990,
    stock: 54,
    finishes: [],
    summary: "One note, always right.",
    description: "Forged steel, tuned within a tenth of a hertz, with a leather sleeve.",
    reviews: [
      { author: "Hermann", stars: 5, text: "Pure as a sine." },
      { author: "Ruth", stars: 4, text: "It lives in my coat pocket." },
    ],
  },
  {
    id: "music-stand",
    name: "Folding Music Stand",
    category: "Accessories",
    price: 3200,
    stock: 15,
    finishes: ["Black", "Brass"],
    summary: "Stands still, folds small.",
    description: "Steel legs, a wide ledge, and a height that stays where you put it.",
    reviews: [
      { author: "Ethel", stars: 4, text: "It has marched with me for years." },
      { author: "Edward", stars: 5, text: "Never once slid down." },
    ],
  },
  {
    id: "dark-rosin",
    name: "Dark Rosin",
    category: "Accessories",
    price: 1100,
    stock: 0,
    finishes: [],
    summary: "Grips the string, leaves no dust.",
    description: "Cooked in small batches, so it is often sold out. It is sold out now.",
    reviews: [
      { author: "Pablo", stars: 5, text: "The only one for gut strings." },
      { author: "Yo", stars: 5, text: "Worth the wait." },
    ],
  },
  {
    id: "clef-tote",
    name: "Treble Clef Tote",
    category: "Gifts",
    price: 1400,
    stock: 40,
    finishes: ["Natural", "Bordeaux"],
    summary: "Carries two symphonies and a sandwich.",
    description: "Heavy cotton, long handles, printed by hand. A3 scores fit flat.",
    reviews: [
      { author: "Nadia", stars: 4, text: "Everyone asks where it is from." },
      { author: "Aaron", stars: 5, text: "Strong seams." },
    ],
  },
  {
    id: "music-box",
    name: "Little Music Box",
    category: "Gifts",
    price: 2700,
    stock: 6,
    finishes: [],
    summary: "Eighteen notes of an old lullaby.",
    description: "Turn the crank as slowly as you like. The mechanism is in plain sight.",
    reviews: [
      { author: "Leroy", stars: 5, text: "The baby votes for it." },
      { author: "Erik", stars: 4, text: "Plays best when played lazily." },
    ],
  },
];

export const findProduct = (id) => products.find((product) => product.id === id);
