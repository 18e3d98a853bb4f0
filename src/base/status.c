/* Texts of the status codes. */
#include "fastcore/base.h"

const char *fc_status_text(fc_status status) {
    switch (status) {
    case FC_OK: return "done";
    case FC_ENOMEM: return "out of memory";
    case FC_ESYNTAX: return "not well formed";
    case FC_ELIMIT: return "a limit was passed";
    case FC_EREFUSED: return "not accepted natively";
    case FC_EINVALID: return "invalid argument";
    case FC_ESTOP: return "stopped";
    }
    return "unknown status";
}
