"use strict";
// The walk between two codes: a strip of frames, a slider, and playing back and forth.

const FRAMES = 9; // on the strip
const THERE = 3000; // milliseconds from one end to the other

class Walk {
  // decode: code → numbers; picture: a Picture; arrive: called with the code where the walk is.
  constructor(section, decode, picture, arrive) {
    Object.assign(this, { section, decode, picture, arrive });
    this.ends = null;
    this.along = 0;
    this.strip = section.querySelector(".strip");
    this.slider = section.querySelector("input");
    this.button = section.querySelector("button");
    this.slider.addEventListener("input", () => {
      this.stop();
      this.go(this.slider.value / 100);
    });
    this.button.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
    this.frames = Array.from({ length: FRAMES }, (_, n) => this.frame(n / (FRAMES - 1)));
  }

  frame(along) {
    const button = document.createElement("button"), canvas = document.createElement("canvas");
    button.type = "button";
    button.setAttribute("aria-label", `${Math.round(100 * along)} % of the way`);
    button.append(canvas);
    button.addEventListener("click", () => {
      this.stop();
      this.go(along);
    });
    this.strip.append(button);
    return { along, canvas, button };
  }

  // Straight from one code to the other.
  between(from, to) {
    this.ends = [from, to];
    this.section.classList.remove("empty");
    this.slider.disabled = this.button.disabled = false;
    this.draw();
    this.go(1);
  }

  codeAt(along) {
    const [from, to] = this.ends;
    return from.map((z, k) => z + along * (to[k] - z));
  }

  draw() {
    if (!this.ends) return;
    for (const { along, canvas } of this.frames) {
      this.picture.draw(canvas, this.decode(this.codeAt(along)));
    }
  }

  go(along) {
    if (!this.ends) return;
    this.along = along;
    this.slider.value = Math.round(100 * along);
    const nearest = Math.round(along * (FRAMES - 1));
    this.frames.forEach(({ button }, n) => button.classList.toggle("here", n === nearest));
    this.arrive(this.codeAt(along));
  }

  play() {
    this.playing = true;
    this.button.textContent = "Pause";
    let last = null, forward = this.along < 1;
    const step = (now) => {
      const moved = last === null ? 0 : (now - last) / THERE;
      last = now;
      const along = Math.min(1, Math.max(0, this.along + (forward ? moved : -moved)));
      if (along === 1) forward = false;
      if (along === 0) forward = true;
      this.next = requestAnimationFrame(step);
      this.go(along);
    };
    this.next = requestAnimationFrame(step);
  }

  stop() {
    this.playing = false;
    cancelAnimationFrame(this.next);
    this.button.textContent = "Play";
  }
}
