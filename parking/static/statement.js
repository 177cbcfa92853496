// A statement is recorded some hundred rows at a time; without this script the button does the same.
document.querySelector("form[data-go-on]")?.requestSubmit();
