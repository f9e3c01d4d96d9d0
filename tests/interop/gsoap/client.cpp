// One call by the functions that gSOAP's wsdl2h and soapcpp2 make of the hub's contract. Arguments: address, user, password,
// and how the photo travels: `mtom` or `inside`. From stdin names and values, each ended by NUL; `Line` begins a line. To
// stdout, ended likewise: `receipt` and the receipt, or `fault`, its code, its text, and what the fault declares.
#include "soapH.h"
#include "service.nsmap"

#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

static void put(const char *text) { std::cout << (text ? text : "") << '\0'; }

template <typename T> static T number(const std::string &text) {
  T value = T();
  std::istringstream(text) >> value;
  return value;
}

static void fill(d__Line &line, const std::string &name, const std::string &value) {
  if (name == "Code") line.Code = value;
  else if (name == "Label") line.Label = value;
  else if (name == "Quantity") line.Quantity = number<int>(value);
  else if (name == "Price") line.Price = value;
}

// A photo that has a media type goes beside the document, where the mode is MTOM; one that has none goes in base64.
static _xop__Include *photo(struct soap *soap, const std::string &base64) {
  _xop__Include *made = soap_new__xop__Include(soap);
  made->__ptr = (unsigned char *)soap_base642s(soap, base64.c_str(), NULL, 0, &made->__size);
  made->type = soap->omode & SOAP_ENC_MTOM ? soap_strdup(soap, "image/png") : NULL;
  return made;
}

static void fill(struct soap *soap, d__Dossier &to, const std::string &name, const std::string &value) {
  if (name == "Number") to.Number = value;
  else if (name == "FamilyName") to.FamilyName = value;
  else if (name == "GivenName") to.GivenName = value;
  else if (name == "Company") to.Company = value;
  else if (name == "Street") to.Street = value;
  else if (name == "Postcode") to.Postcode = value;
  else if (name == "Town") to.Town = value;
  else if (name == "Email") to.Email = value;
  else if (name == "Phone") to.Phone = value;
  else if (name == "Comment") to.Comment = value;
  else if (name == "Languages") to.Languages = value;
  else if (name == "Residents") to.Residents = number<int>(value);
  else if (name == "Children") to.Children = value;
  else if (name == "Floor") to.Floor = number<short>(value);
  else if (name == "Meter") to.Meter = number<LONG64>(value);
  else if (name == "Amount") to.Amount = value;
  else if (name == "Rate") to.Rate = value;
  else if (name == "Balance") to.Balance = value;
  else if (name == "FiledOn") to.FiledOn = value;
  else if (name == "BornOn") to.BornOn = value;
  else if (name == "SubmittedAt") soap_s2dateTime(soap, value.c_str(), &to.SubmittedAt);
  else if (name == "Urgent") to.Urgent = value == "true";
  else if (name == "Owner") to.Owner = value == "true";
  else if (name == "Channel") soap_s2d__Channel(soap, value.c_str(), &to.Channel);
  else if (name == "Building") to.Building = value;
  else if (name == "Desk") to.Desk = soap_new_std__string(soap), *to.Desk = value;
  else if (name == "Rooms") to.Rooms = soap_new_int(soap), *to.Rooms = number<int>(value);
  else if (name == "Photo") to.Photo = photo(soap, value);
}

static int call(struct soap *soap, const char *address, d__Dossier &dossier, std::string &receipt) {
#if defined(STYLE_wrapped)
  _t__Submit request;
  _t__SubmitResponse answer;
  request.soap_default(soap);
  request.Dossier = &dossier;
  int ended = soap_call___t__Submit(soap, address, NULL, &request, answer);
  receipt = answer.Receipt;
#elif defined(STYLE_bare)
  t__Receipt answer;
  int ended = soap_call___t__Submit(soap, address, NULL, &dossier, answer);
  receipt = answer.Receipt;
#else
  struct t__SubmitResponse answer;
  int ended = soap_call_t__Submit(soap, address, NULL, &dossier, answer);
  receipt = answer.Receipt;
#endif
  return ended;
}

static void put_fault(struct soap *soap) {
  bool older = soap->version == 1;
  const SOAP_ENV__Detail *detail = older ? soap->fault->detail : soap->fault->SOAP_ENV__Detail;
  put("fault");
  put(*soap_faultcode(soap));
  put(soap_fault_string(soap));
  if (detail && detail->d__Refused) {
    put(detail->d__Refused->Code.c_str());
    put(detail->d__Refused->Words.c_str());
  }
}

int main(int count, char **given) {
  if (count != 5) return 2;
  bool beside = std::string(given[4]) == "mtom";
  struct soap *soap = soap_new1(SOAP_C_UTFSTRING | (beside ? SOAP_ENC_MTOM : 0));
  soap->userid = given[2];
  soap->passwd = given[3];
  d__Dossier *dossier = soap_new_d__Dossier(soap);
  dossier->Lines = soap_new_d__Lines(soap);
  std::string name, value, receipt;
  while (std::getline(std::cin, name, '\0') && std::getline(std::cin, value, '\0')) {
    std::vector<d__Line *> &lines = dossier->Lines->Line;
    if (name == "Line") lines.push_back(soap_new_d__Line(soap));
    else if (lines.empty()) fill(soap, *dossier, name, value);
    else fill(*lines.back(), name, value);
  }
  if (call(soap, given[1], *dossier, receipt) == SOAP_OK) {
    put("receipt");
    put(receipt.c_str());
  } else if (soap->fault) {
    put_fault(soap);
  } else {
    soap_print_fault(soap, stderr);
    return 1;
  }
  soap_destroy(soap);
  soap_end(soap);
  soap_free(soap);
  return 0;
}
