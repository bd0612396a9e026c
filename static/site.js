// Four comforts, none required: leave at once, Shift three times, show the passphrase, stay signed in.
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

  const staying = document.querySelector(".staying");

  function watch(bar) {
    const early = 120;
    let seconds = Number(document.body.dataset.seconds);
    let timer;
    let touched = null;
    document.addEventListener("input", (event) => {
      touched = event.target.closest("main form") || touched;
    });

    function show(which) {
      bar.hidden = !which;
      for (const line of bar.children) line.hidden = line.dataset.when !== which;
      document.body.classList.toggle("over", which === "over");
    }

    async function ask(address, body) {
      const options = body ? { method: "POST", body } : {};
      const answer = await (await fetch(address, options)).json();
      seconds = answer.seconds;
      for (const field of document.querySelectorAll("[name=csrf_token]")) field.value = answer.token;
      if (link) link.dataset.token = answer.token;
      settle();
    }

    function settle() {
      clearTimeout(timer);
      if (seconds > early) show(null);
      else if (seconds > 0) show("soon");
      else if (touched) show("over");
      else location.replace(bar.dataset.door);
      const wait = seconds > early ? seconds - early : seconds;
      if (seconds > 0) timer = setTimeout(look, Math.min(wait + 1, 86400) * 1000);
    }

    function look() {
      ask(bar.dataset.state).catch(() => {});
    }

    bar.querySelector("button").addEventListener("click", () => {
      const token = document.querySelector("[name=csrf_token]") || { value: link ? link.dataset.token : "" };
      ask(bar.dataset.stay, new URLSearchParams({ csrf_token: token.value })).catch(() => {});
    });
    document.addEventListener("submit", (event) => {
      if (seconds > 0 || !event.target.closest("main")) return;
      event.preventDefault();
      bar.scrollIntoView();
    });
    addEventListener("focus", () => {
      if (seconds <= early) look();
    });
    settle();
  }

  if (staying) watch(staying);

  // A page kept by the browser after leaving must not be shown from its memory.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
