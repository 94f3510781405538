/**
 * Makes an element. Text is set as text, never as HTML: names of runs are of others' making.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {{ class?: string, text?: string, [attribute: string]: string | undefined }} [attributes]
 * @param {readonly Node[]} [children]
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, { class: classes, text, ...attributes } = {}, children = []) {
  const made = document.createElement(name)
  if (classes !== undefined) made.className = classes
  if (text !== undefined) made.textContent = text
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/**
 * The element of the page with an id.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`Expected an element #${id} but the page has none`)
  return found
}

/**
 * Sets text only if it differs, because setting it costs a layout.
 *
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}
