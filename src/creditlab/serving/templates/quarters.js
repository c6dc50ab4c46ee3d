// Passes between the page and the kernel: the quarter that was chosen there, its cells back.
function render({ model }) {
  const ask = (event) => {
    model.set("period", event.detail);
    model.save_changes();
  };
  const answer = () => window.dispatchEvent(new CustomEvent("creditlab:content", { detail: model.get("content") }));
  window.addEventListener("creditlab:period", ask);
  model.on("change:content", answer);
  window.dispatchEvent(new Event("creditlab:connected"));
  return () => window.removeEventListener("creditlab:period", ask);
}
export default { render };
