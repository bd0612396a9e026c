// Three comforts, none required: leave at once, Shift three times, show the passphrase.
"use strict";

(() => {
  const link = document.querySelector(".leave");

  function leave(event) {
    if (event) event.preventDefault();
    document.documentElement.replaceChildren();
    const away = link.dataset.away;
    const gone = () => location.replace(away);
    fetch(link.href, {
      method: "POST",
      body: new URLSearchParams({ csrf_token: link.dataset.token }),
      redirect: "manual",
      keepalive: true,
    }).then(gone, gone);
    setTimeout(gone, 400);
  }

  if (link) {
    link.addEventListener("click", leave);
    let pressed = [];
    document.addEventListener("keyup", (event) => {
      if (event.key !== "Shift") {
        pressed = [];
        return;
      }
      pressed = [...pressed.slice(-2), event.timeStamp];
      if (pressed.length === 3 && pressed[2] - pressed[0] < 1500) leave();
    });
  }

  for (const input of document.querySelectorAll("input[type=password][data-show]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn two sm";
    button.textContent = input.dataset.show;
    button.setAttribute("aria-controls", input.id);
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      button.textContent = hidden ? input.dataset.hide : input.dataset.show;
      button.setAttribute("aria-pressed", String(hidden));
    });
    const row = document.createElement("div");
    row.className = "reveal";
    input.replaceWith(row);
    row.append(input, button);
  }

  // A page kept by the browser after leaving must not be shown from its memory.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
