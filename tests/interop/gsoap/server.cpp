// A server by the functions that gSOAP's wsdl2h and soapcpp2 make of the contracts of all styles. Arguments: a port of 127.0.0.1,
// and the file for what is understood, one JSON line each. It answers in the version of SOAP that it is called in.
#include "soapH.h"
#include "service.nsmap"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

static std::ofstream heard;

static std::string quoted(const std::string &text) {
  std::string made = "\"";
  for (unsigned char letter : text) {
    char escaped[8];
    if (letter < ' ' || letter == '"' || letter == '\\') {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", letter);
      made += escaped;
    } else made += letter;
  }
  return made + '"';
}

// One JSON object. What was not there is left out.
class Object {
 public:
  void put(const char *name, const std::string &text) { raw(name, quoted(text)); }
  void put(const char *name, const std::string *text) { if (text) put(name, *text); }
  void put(const char *name, const char *text) { if (text) raw(name, quoted(text)); }
  void put(const char *name, bool value) { raw(name, value ? "true" : "false"); }
  void put(const char *name, LONG64 value) { raw(name, std::to_string(value)); }
  void put(const char *name, int value) { raw(name, std::to_string(value)); }
  void put(const char *name, const int *value) { if (value) put(name, *value); }
  void raw(const char *name, const std::string &json) { all += (all.empty() ? "" : ", ") + quoted(name) + ": " + json; }
  std::string text() const { return "{" + all + "}"; }

 private:
  std::string all;
};

#if defined(WAY_swa)
// The contract calls it base64, and an attachment stands there as `cid:`: the names of gSOAP's types have it as text.
static bool is_beside(const char *text) { return text && std::string(text).compare(0, 4, "cid:") == 0; }

static const char *photo(struct soap *soap, const char *text) {
  for (soap_multipart *part = text ? soap->mime.list : NULL; part; part = part->next)
    if (part->id && !soap_match_cid(soap, text, part->id))
      return soap_s2base64(soap, (unsigned char *)part->ptr, NULL, part->size);
  return text;
}
#else
static bool is_beside(const _xop__Include *there) { return there && there->id; }

static const char *photo(struct soap *soap, const _xop__Include *there) {
  return there ? soap_s2base64(soap, there->__ptr, NULL, there->__size) : NULL;
}
#endif

// The photo that came goes back, beside the answer, to who asks for it.
template <typename Photo> static Photo stamped(struct soap *soap, const d__Dossier &from) {
#if !defined(WAY_swa)
  if (from.Photo && from.Building == "STAMP") {
    soap_set_omode(soap, SOAP_ENC_MTOM);
    from.Photo->id = NULL;
    from.Photo->type = soap_strdup(soap, "image/png");
    return from.Photo;
  }
#endif
  return NULL;
}

static std::string lines(const d__Lines *all) {
  std::string made;
  for (const d__Line *each : all->Line) {
    Object line;
    line.put("Code", each->Code);
    line.put("Label", each->Label);
    line.put("Quantity", each->Quantity);
    line.put("Price", each->Price);
    made += (made.empty() ? "" : ", ") + line.text();
  }
  return "[" + made + "]";
}

static std::string json(struct soap *soap, const d__Dossier &from) {
  Object to;
  to.put("Number", from.Number);
  to.put("FamilyName", from.FamilyName);
  to.put("GivenName", from.GivenName);
  to.put("Company", from.Company);
  to.put("Street", from.Street);
  to.put("Postcode", from.Postcode);
  to.put("Town", from.Town);
  to.put("Email", from.Email);
  to.put("Phone", from.Phone);
  to.put("Comment", from.Comment);
  to.put("Languages", from.Languages);
  to.put("Residents", from.Residents);
  to.put("Children", from.Children);
  to.put("Floor", (int)from.Floor);
  to.put("Meter", from.Meter);
  to.put("Amount", from.Amount);
  to.put("Rate", from.Rate);
  to.put("Balance", from.Balance);
  to.put("FiledOn", from.FiledOn);
  to.put("BornOn", from.BornOn);
  to.put("SubmittedAt", soap_dateTime2s(soap, from.SubmittedAt));
  to.put("Urgent", from.Urgent);
  to.put("Owner", from.Owner);
  to.put("Channel", soap_d__Channel2s(soap, from.Channel));
  to.put("Building", from.Building);
  to.put("Desk", from.Desk);
  to.put("Rooms", from.Rooms);
  to.put("Agent", from.Agent);
  to.put("ClosedOn", from.ClosedOn);
  to.put("Remark", from.Remark);
  to.put("Surface", from.Surface);
  to.put("Photo", photo(soap, from.Photo));
  to.raw("Lines", lines(from.Lines));
  return to.text();
}

static int refuse(struct soap *soap) {
  SOAP_ENV__Detail *detail = soap_new_SOAP_ENV__Detail(soap);
  detail->d__Refused = soap_new__d__Refused(soap);
  detail->d__Refused->Code = "P5";
  detail->d__Refused->Words = u8"Dossier fermé & classé";
  soap_sender_fault(soap, "Refused", NULL);
  (soap->version == 2 ? soap->fault->SOAP_ENV__Detail : soap->fault->detail) = detail;
  return SOAP_FAULT;
}

static int take(struct soap *soap, const d__Dossier *dossier, std::string &receipt) {
  Object line;
  line.put("face", soap->path + 1);
  line.put("beside", is_beside(dossier->Photo));
  line.raw("dossier", json(soap, *dossier));
  heard << line.text() << std::endl;
  receipt = "R-" + dossier->Number;
  return dossier->Building == "REFUSE" ? refuse(soap) : SOAP_OK;
}

int __wrapped__Deliver(struct soap *soap, _wrapped__Deliver *asked, _wrapped__DeliverResponse &answer) {
  int taken = take(soap, asked->Dossier, answer.Receipt);
  answer.Stamped = stamped<decltype(answer.Stamped)>(soap, *asked->Dossier);
  return taken;
}

int __bare__Deliver(struct soap *soap, d__Dossier *asked, bare__StampedReceipt &answer) {
  int taken = take(soap, asked, answer.Receipt);
  answer.Stamped = stamped<decltype(answer.Stamped)>(soap, *asked);
  return taken;
}

int rpc__Deliver(struct soap *soap, d__Dossier *asked, rpc__DeliverResponse &answer) {
  return take(soap, asked, answer.Receipt);
}

int __wrapped__Submit(struct soap *, _wrapped__Submit *, _wrapped__SubmitResponse &) { return SOAP_NO_METHOD; }
int __bare__Submit(struct soap *, d__Dossier *, bare__Receipt &) { return SOAP_NO_METHOD; }
int rpc__Submit(struct soap *, d__Dossier *, rpc__SubmitResponse &) { return SOAP_NO_METHOD; }

int main(int count, char **given) {
  if (count != 3) return 2;
  heard.open(given[2], std::ios::app);
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING);
  soap->recv_timeout = soap->send_timeout = 10;
  soap->bind_flags = SO_REUSEADDR;
  if (!soap_valid_socket(soap_bind(soap, "127.0.0.1", std::atoi(given[1]), 100))) return 1;
  while (soap_valid_socket(soap_accept(soap))) {
    soap_clr_omode(soap, SOAP_ENC_MTOM);
    if (soap_serve(soap) && soap->error != SOAP_FAULT) soap_print_fault(soap, stderr);
    soap_destroy(soap);
    soap_end(soap);
  }
  soap_print_fault(soap, stderr);
  return 1;
}
