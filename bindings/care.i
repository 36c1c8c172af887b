// Care of a journal, the JSON validator, and versions: functions of the module.

#ifndef SWIGPHP // which has no modules: php.i names them
%rename(verify) handles_verify;
%rename(repair) handles_repair;
%rename(validate) handles_validate;
%rename(version) handles_version;
#endif

// `info` is filled also when the exception is raised.
void handles_verify(const char *path, uint64_t max_record_bytes, ministore_verify_info *info, ministore_error *err);
void handles_repair(const char *path, bool dry_run, uint64_t max_record_bytes, ministore_repair_info *info,
                    ministore_error *err);
void handles_validate(const void *data, size_t size, ministore_error *err);
const char *handles_version(void);
