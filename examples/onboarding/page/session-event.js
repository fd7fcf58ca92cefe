// For the page of your portal that shows Meta's embedded sign-up. Meta's SDK is loaded by your page, not here.

// Return {wabaId, phoneNumberId} if a message of the window is the end of a sign-up, else null.
function signUpOf(event) {
  let host;
  try {
    const origin = new URL(event.origin);
    host = origin.protocol === "https:" ? origin.host : "";
  } catch {
    return null;
  }
  if (host !== "facebook.com" && !host.endsWith(".facebook.com")) return null;
  let message = event.data;
  try {
    if (typeof message === "string") message = JSON.parse(message);
  } catch {
    return null;
  }
  if (message?.type !== "WA_EMBEDDED_SIGNUP" || message.event !== "FINISH") return null;
  const { waba_id: wabaId, phone_number_id: phoneNumberId } = message.data ?? {};
  const ids = { wabaId: String(wabaId), phoneNumberId: String(phoneNumberId) };
  return Object.values(ids).every((id) => /^[0-9]+$/.test(id)) ? ids : null;
}

// Call *send* with each completed sign-up. It posts to the server of your portal, which knows who is signed in
// there, checks at Meta that the WABA was shared, adds the customer's name, and signs the request to the receiver:
// the secret never is in a browser, and what a browser posts is not trusted.
function onSignUp(send) {
  window.addEventListener("message", (event) => {
    const found = signUpOf(event);
    if (found) send(found);
  });
}
