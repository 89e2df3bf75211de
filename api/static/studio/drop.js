// Files dropped on a card; the card shows that it would take them.

/** Call `take(file)` with the first file that is dropped on `card`. */
export function onDrop(card, take) {
  let depth = 0; // of elements that the pointer is inside of: each sends its own enter and leave
  const over = (inside) => card.classList.toggle("dropping", inside);
  card.addEventListener("dragenter", (event) => { if (hasFiles(event)) over(++depth > 0); });
  card.addEventListener("dragleave", (event) => { if (hasFiles(event)) over(--depth > 0); });
  card.addEventListener("dragover", (event) => { if (hasFiles(event)) event.preventDefault(); });
  card.addEventListener("drop", (event) => {
    depth = 0;
    over(false);
    const file = event.dataTransfer.files[0];
    if (!file) return;
    event.preventDefault();
    take(file);
  });
}

/** A file that misses its card must not make the browser leave the page. */
export function guardDrops() {
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => { if (hasFiles(event)) event.preventDefault(); });
}

const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
