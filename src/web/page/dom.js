/**
 * Making and changing elements. Text is only ever set as text: names and messages come from other machines.
 *
 * @module
 */

/** The element with an id. */
export function byId(id) {
  return document.getElementById(id);
}

/** Makes an element. @param {Record<string, string>} attributes @param {(Node | string)[]} children */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Makes an element of SVG. */
export function svg(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Sets a text where it changed: what is selected or being read stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets an attribute where it changed. */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Shows a number large and its unit small. @param {readonly [string, string]} quantity */
export function setQuantity(element, [figure, unit]) {
  if (element.childElementCount !== 2) element.replaceChildren(h("span"), h("small"));
  setText(element.children[0], figure);
  setText(element.children[1], unit);
}

/**
 * Fills a group of buttons of which one is pressed.
 * @param {readonly { value: string, label: string }[]} choices @param {(value: string) => void} onChoose
 */
export function fillSegments(group, choices, onChoose) {
  group.replaceChildren(...choices.map(({ value, label }) => {
    const button = h("button", { type: "button", "data-value": value }, label);
    button.addEventListener("click", () => onChoose(value));
    return button;
  }));
}

/** Shows which one is pressed. */
export function press(group, value) {
  for (const button of group.children) {
    setAttribute(button, "aria-pressed", String(button.dataset.value === value));
  }
}
