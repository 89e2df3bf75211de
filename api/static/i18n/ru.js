// What several pages say, in Russian.

export default {
  "skip": "К содержанию",
  "pages": "Страницы",
  "nav-studio": "Студия", "nav-compare": "Сравнение", "nav-api": "API", "nav-flower": "Flower",
  "theme": "Тема: {theme}", "theme-auto": "как в системе", "theme-dark": "тёмная", "theme-light": "светлая",
  "seconds": "{s} с", "minutes": "{min} мин {s} с", "hours": "{h} ч {min} мин", "just-now": "только что",
  "needs-script": "Этой странице нужен JavaScript, а API обходится без него.",
  "strip": "Части видео",
  "chunk": "Часть {i} из {n}", "chunk-queued": "ждёт", "chunk-rendering": "{percent} % на {worker}",
  "chunk-done": "готова, {worker}", "chunk-done-in": "готова за {time}, {worker}", "chunk-reused": "взята готовой, рисовать нечего",
  "chunk-tries": { one: "{n} попытка", few: "{n} попытки", many: "{n} попыток", other: "{n} попытки" },
  "legend-reused": { one: "{n} взята готовой", few: "{n} взяты готовыми", many: "{n} взято готовыми", other: "{n} взяты готовыми" },
  "legend-retried": { one: "{n} с повтором", other: "{n} с повторами" },
  "legend-waiting": { one: "{n} ждёт", few: "{n} ждут", many: "{n} ждут", other: "{n} ждут" },
  "legend-at": "часть {i}, {percent} %", "legend-done": { one: "{n} готова", few: "{n} готовы", many: "{n} готово", other: "{n} готовы" },
  "what-to-do": "Что делать",
  "no-answer": "Сервис не ответил", "no-answer-detail": "Проверьте, что он запущен и есть связь, и попробуйте ещё раз.",
  "key-title": "Нужен ключ API",
  "key-why": "Этот сервис его спрашивает. Ключ хранится только в этой вкладке, пока она открыта.",
  "key-wrong": "Такого ключа здесь не знают. Проверьте его и попробуйте ещё раз.",
  "key": "Ключ API", "key-use": "Войти", "cancel": "Отмена",
};
